import type { PublishedSeverity } from '#model/advisory.ts'
import type { Rating } from '#model/severity.ts'
import { severityOfLabel, severityOfScore } from '#model/severity-bands.ts'

type Method = NonNullable<Rating['method']>

/** Rates what a record of `source` published; undefined where it is neither a valid vector nor a known word. */
export type Rate = (published: PublishedSeverity, source: string) => Rating | undefined

/** Longer strings are no vectors. */
const maxVector = 400

/** Metrics and their values. The calculator prints what it cannot read as it stands, to whatever terminal there is. */
const vectorShape =
  /^(?:CVSS:\d\.\d\/)?[A-Z][A-Za-z]{0,2}:[A-Z][A-Za-z]{0,8}(?:\/[A-Z][A-Za-z]{0,2}:[A-Z][A-Za-z]{0,8})*$/

/**
 * `S` is a value of modified metrics alone (https://www.first.org/cvss/v4.0/specification-document, section 4.2): the
 * calculator takes it elsewhere too, and then prints that it has no score for it.
 */
const misplacedSafety = /\/S[CIA]:S(?:\/|$)/

/** Vectors repeat: most of a store's are among these many. */
const maxRemembered = 50_000

/**
 * Loads the CVSS calculator (https://www.first.org/cvss/). Needed only while a store is built: ratings are kept in it.
 * The score is the base score, without threat or environment.
 */
export async function loadRating(): Promise<Rate> {
  // The package is CommonJS: Node finds its classes only under `default`, bundlers beside it too.
  const { default: CvssCalculator } = (await import('ae-cvss-calculator')) as unknown as { default: Calculator }
  const known = new Map<string, { readonly score: number; readonly method: Method } | undefined>()

  function measure(vector: string) {
    if (known.has(vector)) return known.get(vector)
    const measured = baseScore(CvssCalculator, vector)
    if (known.size < maxRemembered) known.set(vector, measured)
    return measured
  }

  return (published, source) => {
    if (published.type === 'label') {
      const severity = severityOfLabel(published.score)
      return severity && { source, severity }
    }
    const vector = published.score.trim()
    const isVector = vector.length <= maxVector && vectorShape.test(vector) && !misplacedSafety.test(vector)
    const measured = isVector ? measure(vector) : undefined
    if (measured === undefined) return undefined
    const { score, method } = measured
    return { source, severity: severityOfScore(score, method), score, vector, method }
  }
}

interface Vector {
  readonly isBaseFullyDefined: () => boolean
  readonly calculateScores: () => {
    readonly base?: number
    readonly baseMetricsOnly?: number
    readonly overall: number
  }
}

type VectorClass = new (vector: string) => Vector

interface Calculator {
  readonly Cvss2: VectorClass
  readonly Cvss3P0: VectorClass
  readonly Cvss3P1: VectorClass
  readonly Cvss4P0: VectorClass
}

function baseScore(calculator: Calculator, vector: string): { score: number; method: Method } | undefined {
  const [method, kind] = versionOf(calculator, vector)
  try {
    const parsed = new kind(vector)
    if (!parsed.isBaseFullyDefined()) return undefined
    const scores = parsed.calculateScores()
    const score = scores.baseMetricsOnly ?? scores.base
    return score === undefined || Number.isNaN(score) ? undefined : { score, method }
  } catch {
    return undefined
  }
}

function versionOf(calculator: Calculator, vector: string): [Method, VectorClass] {
  if (vector.startsWith('CVSS:4.0/')) return ['CVSSv4', calculator.Cvss4P0]
  if (vector.startsWith('CVSS:3.1/')) return ['CVSSv31', calculator.Cvss3P1]
  if (vector.startsWith('CVSS:3.0/')) return ['CVSSv3', calculator.Cvss3P0]
  return ['CVSSv2', calculator.Cvss2]
}

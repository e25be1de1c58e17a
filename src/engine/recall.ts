import { asciiJson } from '#lib/json.ts'
import type { Distro } from '#model/distro.ts'
import type { MatchedPackage, Package } from '#model/package.ts'
import type { FixAction } from '#model/report.ts'
import type { Matched } from './match.ts'
import type { Ports } from './ports.ts'

/** What one store of advisories says of the packages of an image. */
export interface Assessment {
  /** The store's, from which nothing else may be asked. */
  readonly revision: string
  readonly match: Matched
  readonly actions: readonly FixAction[]
  /** Digest of the advisories that were asked, with what they say of the flaws found. */
  readonly held: string
}

/** More findings take longer to write down than to find again. */
const maxFindings = 30_000

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The cache key of what was last said of these packages, whatever the image around them and the store's revision;
 * undefined where the code that matches is not known by a name.
 */
export function assessmentKey(
  packages: readonly Package[],
  distro: Distro | undefined,
  { build, hash }: Pick<Ports, 'build' | 'hash'>,
): string | undefined {
  if (build === undefined) return undefined
  const hasher = hash('sha256')
  hasher.update(JSON.stringify([build, distro]))
  for (const { introduced: _i, locations: _l, licenses: _n, ...asked } of packages)
    hasher.update(JSON.stringify(asked satisfies MatchedPackage))
  return hasher.hex()
}

/** What was last said, of whichever revision. */
export async function recall(
  key: string | undefined,
  { answers }: Pick<Ports, 'answers'>,
): Promise<Assessment | undefined> {
  const bytes = key === undefined ? undefined : await answers.get(key)
  try {
    return bytes === undefined ? undefined : JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

/** Keeps it for the next time, in place of what was said before, where it can. Never rejects. */
export async function remember(
  key: string,
  assessment: Assessment,
  { answers }: Pick<Ports, 'answers'>,
): Promise<void> {
  if (assessment.match.findings.length > maxFindings) return
  try {
    const keep = await answers.prepare(key, encoder.encode(asciiJson(assessment)))
    await keep()
  } catch {
    // Longer than any text may be: it is asked for again.
  }
}

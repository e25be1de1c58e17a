import { affects } from '#advisories/ranges.ts'
import type { AdvisoryCandidate, AdvisoryReader } from '#advisories/types.ts'
import { ecosystems } from '#ecosystems/index.ts'
import type { AdvisoryQuery, Matching } from '#ecosystems/types.ts'
import { compareText } from '#lib/text.ts'
import type { Distro } from '#model/distro.ts'
import type { Fix, MatchedAdvisory, VulnerabilityFinding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import { severityRank } from '#model/severity.ts'
import { highest } from './highest.ts'
import type { Ports } from './ports.ts'

/** Packages of one target with what is needed to match them. */
export interface MatchRequest {
  readonly packages: readonly Package[]
  readonly distro: Distro | undefined
  /** By ecosystem id. */
  readonly matchings: ReadonlyMap<string, Matching>
  readonly advisories: AdvisoryReader
  readonly hash: Ports['hash']
  /** `questionsAbout` these packages, where they are known. */
  readonly questions?: readonly Question[]
}

export interface Matched {
  readonly findings: readonly VulnerabilityFinding[]
  /** OSV ecosystems asked for, and those of them that the store does not hold; both sorted. */
  readonly consulted: readonly string[]
  readonly missing: readonly string[]
}

/**
 * A package that can be asked about: none that an operating-system package answers for, and one per purl and name,
 * since two names may share a purl where its type knows no capitals.
 */
function distinctPackages(packages: readonly Package[]): readonly Package[] {
  const distinct = new Map<string, Package>()
  for (const found of packages) {
    const key = `${found.purl}\0${found.name}`
    if (found.owner === undefined && !distinct.has(key)) distinct.set(key, found)
  }
  return [...distinct.values()]
}

/** A package with what advisories are asked about it. */
export interface Question {
  readonly found: Package
  readonly matching: Matching
  readonly queries: readonly AdvisoryQuery[]
}

/** What to ask about each distinct package that advisories could cover. */
export function questionsAbout(request: Pick<MatchRequest, 'packages' | 'distro' | 'matchings'>): readonly Question[] {
  return distinctPackages(request.packages).flatMap(found => {
    const matching = request.matchings.get(found.type)
    return matching === undefined ? [] : [{ found, matching, queries: matching.queries(found, request.distro) }]
  })
}

/** The OSV ecosystems, with their releases, that advisories for these packages would be in; sorted. */
export function neededEcosystems(
  request: Pick<MatchRequest, 'packages' | 'distro' | 'matchings' | 'questions'>,
): readonly string[] {
  const needed = new Set<string>()
  for (const { queries } of request.questions ?? questionsAbout(request))
    for (const { ecosystem } of queries) needed.add(ecosystem)
  return [...needed].sort(compareText)
}

/** Finds every flaw of every distinct package: depends on packages and advisories alone, never on an image. */
export function matchPackages(request: MatchRequest): Matched {
  const questions = request.questions ?? questionsAbout(request)
  const known = new Map<string, Flaws>()
  const findings = questions.flatMap(question => matchPackage(request, question, known))
  return {
    findings: findings.toSorted(worstFirst),
    consulted: neededEcosystems({ ...request, questions }),
    missing: missingEcosystems(request, questions),
  }
}

/** Flaws of one package version by id, each with the records that say so. */
type Flaws = ReadonlyMap<string, readonly MatchedAdvisory[]>

/**
 * A package may be known under several releases of one ecosystem (the repositories of an enterprise distribution): it
 * is seen where the store holds one of them, and only otherwise is the first of them missing.
 */
function missingEcosystems(request: MatchRequest, asked: readonly Question[]): readonly string[] {
  const missing = new Set<string>()
  for (const { queries } of asked) {
    if (queries.length > 0 && !queries.some(({ ecosystem }) => request.advisories.covers(ecosystem))) {
      missing.add(queries[0]!.ecosystem)
    }
  }
  return [...missing].sort(compareText)
}

function matchPackage(
  request: MatchRequest,
  question: Question,
  known: Map<string, Flaws>,
): readonly VulnerabilityFinding[] {
  const { found, matching } = question
  const key = sharedKey(question)
  const flaws = (key === undefined ? undefined : known.get(key)) ?? askFlaws(request.advisories, question)
  if (key !== undefined) known.set(key, flaws)
  const hasOwnRating = isSystem(found)
  return [...flaws].map(([flaw, advisories]) => {
    const vulnerability = request.advisories.describe(flaw, hasOwnRating ? advisories[0]?.source : undefined)
    const hasher = request.hash('sha256')
    hasher.update(`vulnerability|${vulnerability.id}|${found.type}|${found.name}`)
    return {
      kind: 'vulnerability',
      fingerprint: hasher.hex(),
      vulnerability,
      package: found.purl,
      advisories: advisories.length < 2 ? advisories : advisories.toSorted((a, b) => compareText(a.id, b.id)),
      fix: fixOf(advisories, matching.compare),
      severity: vulnerability.severity,
    }
  })
}

/** Packages built of one source ask the same; undefined where the package itself has a say. */
function sharedKey({ found, matching, queries }: Question): string | undefined {
  return matching.applies === undefined ? JSON.stringify([found.type, queries]) : undefined
}

/** A distribution's own rating counts first for its packages: it knows how it builds them. */
function isSystem(found: Package): boolean {
  return ecosystems.some(({ id, kind }) => id === found.type && kind === 'system')
}

/**
 * Which of these flaws packages have. Only records that tell of one of them are evaluated, and packages that ask the
 * same are asked about once.
 */
export function flawsLeft(
  request: Pick<MatchRequest, 'advisories' | 'distro'>,
  packages: readonly Package[],
  { matching, flaws }: { readonly matching: Matching; readonly flaws: ReadonlySet<string> },
): ReadonlySet<string> {
  const left = new Set<string>()
  const seen = new Set<string>()
  for (const found of packages) {
    const question = { found, matching, queries: matching.queries(found, request.distro) }
    const key = sharedKey(question)
    if (key !== undefined && seen.has(key)) continue
    if (key !== undefined) seen.add(key)
    for (const query of question.queries) {
      for (const candidate of request.advisories.lookup(query.ecosystem, query.name)) {
        const news = candidate.flaws.filter(flaw => flaws.has(flaw) && !left.has(flaw))
        if (news.length === 0 || matchCandidate({ candidate, query, found, matching }) === undefined) continue
        for (const flaw of news) left.add(flaw)
      }
    }
  }
  return left
}

function askFlaws(advisories: AdvisoryReader, { found, matching, queries }: Question): Flaws {
  const flaws = new Map<string, MatchedAdvisory[]>()
  for (const query of queries) {
    for (const candidate of advisories.lookup(query.ecosystem, query.name)) {
      const matched = matchCandidate({ candidate, query, found, matching })
      if (matched === undefined) continue
      for (const flaw of candidate.flaws) {
        const list = flaws.get(flaw)
        if (list === undefined) flaws.set(flaw, [matched])
        else if (!list.some(({ id }) => id === matched.id)) list.push(matched)
      }
    }
  }
  return flaws
}

function matchCandidate(question: {
  readonly candidate: AdvisoryCandidate
  readonly query: AdvisoryQuery
  readonly found: Package
  readonly matching: Matching
}): MatchedAdvisory | undefined {
  const { candidate, query, found, matching } = question
  for (const affected of candidate.affected) {
    const answer = affects(affected, query.version, matching.compare)
    if (!answer.affected) continue
    const applies = matching.applies?.(found, {
      advisory: candidate.id,
      summary: candidate.summary,
      range: answer.range,
    })
    if (applies === false) continue
    return {
      id: candidate.id,
      source: candidate.source,
      ...(answer.fixed !== undefined && { fixed: matching.spell?.(found, answer.fixed) ?? answer.fixed }),
      ...(candidate.published !== undefined && { published: candidate.published }),
      modified: candidate.modified,
    }
  }
  return undefined
}

/**
 * One flaw may have several records with several fixed versions: the version to go to is the highest of them, since
 * only there does every record agree that the flaw is gone.
 */
function fixOf(advisories: readonly MatchedAdvisory[], compare: Matching['compare']): Fix {
  const fixed = advisories.filter(({ fixed }) => fixed !== undefined)
  const version = highest(
    fixed.map(({ fixed }) => fixed),
    compare,
  )
  if (version === undefined) return { available: false }
  const since = fixed.map(({ published, modified }) => published ?? modified).sort(compareText)[0]
  return { available: true, version, ...(since !== undefined && { since }) }
}

/** Known exploited first, then by severity, by probability of exploitation, by id and by package. */
function worstFirst(a: VulnerabilityFinding, b: VulnerabilityFinding): number {
  return (
    Number(b.vulnerability.kev !== undefined) - Number(a.vulnerability.kev !== undefined) ||
    severityRank(b.severity) - severityRank(a.severity) ||
    (b.vulnerability.epss?.score ?? 0) - (a.vulnerability.epss?.score ?? 0) ||
    compareText(a.vulnerability.id, b.vulnerability.id) ||
    compareText(a.package, b.package)
  )
}

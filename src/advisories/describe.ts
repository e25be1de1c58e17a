import type { PublishedSeverity } from '#model/advisory.ts'
import type { Vulnerability } from '#model/finding.ts'
import { type Rating, severityRank } from '#model/severity.ts'
import { chooseRating } from '#model/severity-choice.ts'
import type { Rate } from './cvss.ts'
import { databaseOf } from './names.ts'

/** What one record contributes to a flaw's description. */
export interface Contribution {
  readonly id: string
  /** The record passes the flaw on for a distribution. */
  readonly isNotice: boolean
  /** How many flaws the record tells of. */
  readonly flaws: number
  readonly published?: string
  readonly summary?: string
  readonly severities: readonly PublishedSeverity[]
  readonly cwes: readonly string[]
  readonly references: readonly string[]
}

const maxReferences = 10

/**
 * Puts together what all records say of one flaw; `members` are all ids that stand for it. Ratings are kept by source,
 * each once. A distribution's notice about many flaws gives one word for the worst of them: it counts only where that
 * source has no record about this flaw alone. Summary and references come from the databases in order of trust: GHSA,
 * others by id, distributions last. The answer depends on the set of contributions, not on their order.
 */
export function describeFlaw(
  flaw: { readonly id: string; readonly members: readonly string[] },
  contributions: readonly Contribution[],
  rate: Rate,
): Vulnerability {
  const sorted = contributions.toSorted((a, b) => trust(a) - trust(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const ratings = rateAll(sorted, rate)
  const chosen = chooseRating(ratings)
  const published = sorted.flatMap(one => (one.published === undefined ? [] : [one.published]))
  const summary = sorted.find(one => one.summary !== undefined && !(one.isNotice && one.flaws > 1))?.summary
  return {
    id: flaw.id,
    aliases: [...new Set(flaw.members)].filter(id => id !== flaw.id).sort(),
    ...(summary === undefined ? {} : { summary }),
    severity: chosen?.severity ?? 'UNKNOWN',
    ...(chosen === undefined ? {} : { severitySource: chosen.source }),
    ratings,
    cwes: [...new Set(sorted.flatMap(one => one.cwes))].sort((a, b) => Number(a.slice(4)) - Number(b.slice(4))),
    references: [...new Set(sorted.flatMap(one => one.references))].slice(0, maxReferences),
    ...(published.length === 0 ? {} : { published: published.toSorted((a, b) => Date.parse(a) - Date.parse(b))[0] }),
  }
}

function trust(one: Contribution): number {
  if (one.isNotice) return 2
  return one.id.startsWith('GHSA-') ? 0 : 1
}

function rateAll(contributions: readonly Contribution[], rate: Rate): readonly Rating[] {
  const ratings = new Map<string, Rating>()
  const shared = new Map<string, Rating>()
  for (const { id, isNotice, flaws, severities } of contributions) {
    const source = databaseOf(id)
    for (const published of severities) {
      const rating = rate(published, source)
      if (rating === undefined) continue
      const key = `${source} ${rating.method ?? ''} ${rating.vector ?? rating.severity}`
      if (isNotice && flaws > 1 && rating.vector === undefined) keepWorst(shared, rating)
      else if (!ratings.has(key)) ratings.set(key, rating)
    }
  }
  const own = new Set([...ratings.values()].map(rating => rating.source))
  for (const [source, rating] of shared) if (!own.has(source)) ratings.set(source, rating)
  return [...ratings.values()].sort(compareRatings)
}

function keepWorst(ratings: Map<string, Rating>, rating: Rating): void {
  const known = ratings.get(rating.source)
  if (known === undefined || severityRank(rating.severity) > severityRank(known.severity))
    ratings.set(rating.source, rating)
}

function compareRatings(a: Rating, b: Rating): number {
  const left = `${a.source}\n${a.method ?? ''}\n${a.vector ?? ''}\n${a.severity}`
  const right = `${b.source}\n${b.method ?? ''}\n${b.vector ?? ''}\n${b.severity}`
  return left < right ? -1 : left > right ? 1 : 0
}

import { type Rating, severityRank } from './severity.ts'

/** Sources that rate a flaw wherever it is, most trusted first. */
const general = ['GHSA']

/** Distributions rate a flaw as built and used in their release: right for their packages only. */
const distributions = new Set([
  ...['AlmaLinux', 'Alpine', 'Chainguard', 'Debian', 'Echo', 'Mageia', 'MinimOS', 'openEuler', 'openSUSE'],
  ...['Red Hat', 'Rocky Linux', 'SUSE', 'Ubuntu'],
])

const methods = ['CVSSv4', 'CVSSv31', 'CVSSv3', undefined, 'CVSSv2'] as const

/**
 * The rating that speaks for a flaw. `preferred` is the source asked first: a distribution's database, for its own
 * packages. Then come GHSA, other databases in alphabetical order, and distributions last. Within one source CVSS v4
 * goes before v3.1, v3.0, a word, and v2; of two alike the worse. A rating of `UNKNOWN` never speaks.
 */
export function chooseRating(ratings: readonly Rating[], preferred?: string): Rating | undefined {
  return ratings
    .filter(rating => rating.severity !== 'UNKNOWN')
    .toSorted(
      (a, b) =>
        placeOf(a.source, preferred) - placeOf(b.source, preferred) ||
        (a.source < b.source ? -1 : a.source > b.source ? 1 : 0) ||
        methods.indexOf(a.method) - methods.indexOf(b.method) ||
        severityRank(b.severity) - severityRank(a.severity) ||
        (b.score ?? 0) - (a.score ?? 0),
    )[0]
}

function placeOf(source: string, preferred: string | undefined): number {
  if (source === preferred) return 0
  const place = general.indexOf(source)
  if (place >= 0) return 1 + place
  return distributions.has(source) ? 99 : 50
}

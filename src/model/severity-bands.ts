import type { Rating, Severity } from './severity.ts'

/**
 * The band of a CVSS base score: none 0, low to 3.9, medium to 6.9, high to 8.9, critical from 9
 * (https://www.first.org/cvss/specification-document). CVSS v2 knows no `CRITICAL` and no `NONE`
 * (https://nvd.nist.gov/vuln-metrics/cvss). `UNKNOWN` for what is no score.
 */
export function severityOfScore(score: number, method: NonNullable<Rating['method']>): Severity {
  if (!(score >= 0 && score <= 10)) return 'UNKNOWN'
  if (method === 'CVSSv2') return score >= 7 ? 'HIGH' : score >= 4 ? 'MEDIUM' : 'LOW'
  if (score === 0) return 'NONE'
  if (score < 4) return 'LOW'
  if (score < 7) return 'MEDIUM'
  return score < 9 ? 'HIGH' : 'CRITICAL'
}

/** Words of GitHub, Debian, Ubuntu, Red Hat and its rebuilds, Bitnami; what Debian and Ubuntu call negligible is low. */
const labels = new Map<string, Severity>([
  ['none', 'NONE'],
  ['negligible', 'LOW'],
  ['unimportant', 'LOW'],
  ['low', 'LOW'],
  ['medium', 'MEDIUM'],
  ['moderate', 'MEDIUM'],
  ['high', 'HIGH'],
  ['important', 'HIGH'],
  ['critical', 'CRITICAL'],
])

/** The severity that a database's word stands for, in any case; undefined for a word that is no rating. */
export function severityOfLabel(label: string): Severity | undefined {
  return label.length > 20 ? undefined : labels.get(label.trim().toLowerCase())
}

/** Severities from the least to the worst; `UNKNOWN` is below all because nobody rated it. */
export const severities = ['UNKNOWN', 'NONE', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const

export type Severity = (typeof severities)[number]

/** Rank of a severity for ordering: higher is worse. */
export function severityRank(severity: Severity): number {
  return severities.indexOf(severity)
}

/** One source's rating of a vulnerability, as published. */
export interface Rating {
  /** Who rated: `GHSA`, `PYSEC`, `Debian`, `Bitnami`, … */
  readonly source: string
  readonly severity: Severity
  /** CVSS base score 0.0–10.0, where there is a vector. */
  readonly score?: number
  readonly vector?: string
  /** CVSS version of the vector. */
  readonly method?: 'CVSSv2' | 'CVSSv3' | 'CVSSv31' | 'CVSSv4'
}

import { asArray, asString, member } from '#lib/json.ts'

/** One entry of the catalog. Dates are `YYYY-MM-DD`. */
export interface KnownExploited {
  readonly cve: string
  readonly added: string
  readonly due?: string
  readonly ransomware: boolean
}

/** The catalog as it is kept. */
export interface KevCatalog {
  /** When it was published (RFC 3339). */
  readonly released: string
  /** Sorted by CVE. */
  readonly entries: readonly KnownExploited[]
}

const datePattern = /^\d{4}-\d{2}-\d{2}$/

/**
 * Reads CISA's catalog (https://www.cisa.gov/known-exploited-vulnerabilities-catalog). A string is why it cannot be
 * used: entries without id or date, or another number of them than announced, are a broken feed.
 */
export function normalizeKev(raw: unknown): KevCatalog | string {
  const released = asString(member(raw, 'dateReleased'))
  if (released === undefined || Number.isNaN(Date.parse(released))) return 'the catalog has no dateReleased'
  const listed = asArray(member(raw, 'vulnerabilities'))
  if (listed.length === 0) return 'the catalog is empty'
  if (member(raw, 'count') !== listed.length)
    return `the catalog announces another number of entries than its ${listed.length}`
  const entries = new Map<string, KnownExploited>()
  for (const entry of listed) {
    const cve = asString(member(entry, 'cveID'))
    const added = asString(member(entry, 'dateAdded'))
    const due = asString(member(entry, 'dueDate'))
    if (cve === undefined || !/^CVE-\d{4}-\d{4,19}$/.test(cve)) return 'the catalog has an entry without a CVE id'
    if (added === undefined || !datePattern.test(added)) return `the catalog does not say when ${cve} was added`
    const ransomware = asString(member(entry, 'knownRansomwareCampaignUse')) === 'Known'
    entries.set(cve, { cve, added, due: due !== undefined && datePattern.test(due) ? due : undefined, ransomware })
  }
  const sorted = [...entries.values()].sort((a, b) => (a.cve < b.cve ? -1 : 1))
  return { released: new Date(released).toISOString(), entries: sorted }
}

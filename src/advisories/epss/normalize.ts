/** A day's scores. */
export interface EpssScores {
  /** Day of the scores, `YYYY-MM-DD`. */
  readonly date: string
  readonly model: string
  /** Pairs of a CVE number (see `cveNumber`) and its score and percentile. */
  readonly rows: readonly EpssRow[]
}

/** Number of a CVE, score and percentile (0–1). */
export type EpssRow = readonly [cve: number, score: number, percentile: number]

/** A CVE id as one number: year × 10¹⁰ + sequence number. Undefined for anything else. */
export function cveNumber(id: string): number | undefined {
  const parts = /^CVE-(\d{4})-(\d{4,10})$/.exec(id)
  return parts === null ? undefined : Number(parts[1]) * 1e10 + Number(parts[2])
}

/** Above the number of CVEs that can be in the file for many years. */
const maxRows = 5_000_000

/**
 * Reads FIRST's daily file (https://www.first.org/epss/data_stats): a comment with model and date, a header, rows. A
 * string is why it cannot be used: any row that is no score, or a file that ends within a row.
 */
export function normalizeEpss(text: string): EpssScores | string {
  if (!text.endsWith('\n')) return 'the scores end within a line'
  const first = text.indexOf('\n')
  const second = text.indexOf('\n', first + 1)
  const comment = /^#model_version:([\w.-]{1,40}),score_date:(\d{4}-\d{2}-\d{2})T/.exec(
    text.slice(0, Math.min(first, 200)),
  )
  if (comment === null) return 'the scores do not begin with their model and date'
  if (text.slice(first + 1, second).trim() !== 'cve,epss,percentile')
    return 'the scores have other columns than expected'
  const rows: EpssRow[] = []
  for (let at = second + 1; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const row = readRow(text.slice(at, end))
    if (row === undefined || rows.length >= maxRows)
      return `the scores have a line that is no score: line ${rows.length + 3}`
    rows.push(row)
    at = end + 1
  }
  if (rows.length === 0) return 'there are no scores'
  return { date: comment[2]!, model: comment[1]!, rows: rows.sort((a, b) => a[0] - b[0]) }
}

function readRow(line: string): EpssRow | undefined {
  const comma = line.indexOf(',')
  const next = line.indexOf(',', comma + 1)
  const cve = cveNumber(line.slice(0, comma))
  const score = fraction(line.slice(comma + 1, next))
  const percentile = fraction(line.slice(next + 1).trimEnd())
  return cve === undefined || score === undefined || percentile === undefined ? undefined : [cve, score, percentile]
}

function fraction(text: string): number | undefined {
  const value = /^[\d.eE+-]{1,24}$/.test(text) ? Number(text) : Number.NaN
  return value >= 0 && value <= 1 ? value : undefined
}

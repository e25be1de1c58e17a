import type { FeedOutcome, FeedStatus } from '#advisories/index.ts'
import { displayWidth, printable } from '#lib/terminal.ts'

/** What a table of feeds shows beside them. */
export interface FeedsTable {
  readonly feeds: readonly FeedStatus[]
  /** Bytes of the store. */
  readonly size: number
  readonly folder: string
  readonly now: Date
  /** What an update just did, by feed. */
  readonly outcomes?: ReadonlyMap<string, FeedOutcome>
}

/** The widest that a place of origin may be; of longer ones the end is shown, which tells more. */
const maxFrom = 40

/** The feeds for people: source, origin, age, newest record, records, and below what they take on disk. */
export function renderFeeds({ feeds, size, folder, now, outcomes }: FeedsTable): string {
  const header = ['SOURCE', 'FROM', 'CHECKED', 'NEWEST RECORD', 'RECORDS', ...(outcomes === undefined ? [] : [''])]
  const rows = feeds.map(({ feed, from, checked, newest, records }) => [
    printable(feed),
    originOf(from),
    ageOf(checked, now),
    newest?.slice(0, 10) ?? '-',
    count(records),
    ...(outcomes === undefined ? [] : [changeOf(outcomes.get(feed))]),
  ])
  const total = `${count(feeds.reduce((sum, { records }) => sum + records, 0))} records, ${megabytes(size)} in ${printable(folder)}`
  return [...alignColumns([header, ...rows]), '', total, ''].join('\n')
}

/** How long ago that was, in the largest unit that fits. */
function ageOf(time: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - Date.parse(time)) / 60_000)
  if (minutes < 1) return 'just now'
  const [unit, amount] =
    minutes < 60 ? ['minute', minutes] : minutes < 2880 ? ['hour', minutes / 60] : ['day', minutes / 1440]
  const whole = Math.floor(amount as number)
  return `${whole} ${unit}${whole === 1 ? '' : 's'} ago`
}

function changeOf(outcome: FeedOutcome | undefined): string {
  if (outcome === undefined) return 'not asked for'
  if (outcome.state === 'failed') return 'failed, kept as it was'
  return outcome.state === 'current' ? 'no change' : `${count(outcome.changed ?? 0)} changed`
}

/** The host of an address, or a folder. */
function originOf(from: string): string {
  const host = /^https?:\/\/([^/]+)/.exec(from)?.[1]
  const text = printable(host ?? from)
  return text.length <= maxFrom ? text : `…${text.slice(1 - maxFrom)}`
}

/** Lines with every column as wide as its widest cell; the column of numbers stands to the right. */
function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => displayWidth(row[column]!))))
  return rows.map(row =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(widths[column]! - displayWidth(cell))
        return column === 4 ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd(),
  )
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

import { isId, readTime } from './fields.ts'

/** A bucket's `modified_id.csv`: when each record was last modified. */
export type ModifiedIndex = ReadonlyMap<string, string>

/**
 * Reads `modified_id.csv` of one ecosystem: `<RFC 3339 time>,<id>` a line, newest first (the order is not relied on).
 * Undefined where any line is something else, or where the last line is cut off: an index that is half there would
 * make records vanish.
 */
export function readModifiedIndex(text: string): ModifiedIndex | undefined {
  const index = new Map<string, string>()
  if (text === '') return index
  if (!text.endsWith('\n')) return undefined
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    const line = text.slice(at, text[end - 1] === '\r' ? end - 1 : end)
    at = end + 1
    const comma = line.indexOf(',')
    const time = readTime(line.slice(0, Math.max(comma, 0)))
    const id = line.slice(comma + 1)
    if (time === undefined || !isId(id)) return undefined
    index.set(id, time)
  }
  return index
}

/**
 * The newest of some modification times, by the clock of `now`: times in the future (real feeds have years such as
 * 9999) say nothing about how fresh data is and are left out, unless there are no others.
 */
export function newestTime(times: Iterable<string>, now: Date): string | undefined {
  let newest: string | undefined
  let newestValue = Number.NEGATIVE_INFINITY
  for (const time of times) {
    const value = Date.parse(time)
    if (value > now.getTime() || !(value > newestValue)) continue
    newest = time
    newestValue = value
  }
  return newest
}

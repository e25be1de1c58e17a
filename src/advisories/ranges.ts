import type { Affected, AffectedRange, RangeEvent } from '#model/advisory.ts'

/** What a statement says about one version. */
export interface RangeAnswer {
  readonly affected: boolean
  /** The event that ends the range the version is in; of several such ranges the highest. */
  readonly fixed?: string
  /** The range the version is in; undefined where it is only listed under `versions`. */
  readonly range?: AffectedRange
}

const unaffected: RangeAnswer = { affected: false }

/**
 * Evaluates a statement for a version, by the algorithm of the OSV schema
 * (https://ossf.github.io/osv-schema/#evaluation): listed, or inside a range and before its limits. `0` is before every
 * version, in `introduced` as in `fixed`: `introduced: 0` with `fixed: 0` affects nothing, as Debian and Alpine mean
 * it. Events of the same version keep the order in which they were published. `compare` is the ecosystem's order; a
 * listed version matches by text or by that order.
 *
 * `fixed` is given only where every range that holds the version ends in one: the highest of them leaves all.
 */
export function affects(affected: Affected, version: string, compare: (a: string, b: string) => number): RangeAnswer {
  let range: AffectedRange | undefined
  let fixed: string | undefined
  let hasOpenEnd = false
  for (const candidate of affected.ranges) {
    const end = endOf(candidate, version, compare)
    if (end === undefined) continue
    range ??= candidate
    if (end.fixed === undefined) hasOpenEnd = true
    else if (fixed === undefined || compare(end.fixed, fixed) > 0) fixed = end.fixed
  }
  if (range !== undefined)
    return hasOpenEnd || fixed === undefined ? { affected: true, range } : { affected: true, fixed, range }
  const isListed = affected.versions.includes(version) || affected.versions.some(one => compare(one, version) === 0)
  return isListed ? { affected: true } : unaffected
}

type Order = (a: string, b: string) => number

interface End {
  readonly fixed?: string
}

const openEnd: End = {}

/** Where the interval that holds `version` ends; undefined where the range does not hold it. */
function endOf(range: AffectedRange, version: string, compare: Order): End | undefined {
  const [first, second] = range.events
  if (range.events.length > 2 || first?.introduced === undefined) return endOfMany(range, version, compare)
  if (second !== undefined && second.fixed === undefined && second.lastAffected === undefined)
    return endOfMany(range, version, compare)
  // Nine of ten ranges are one interval: these are told with one or two comparisons, and without a copy.
  if (!reached(first.introduced, version, compare)) return undefined
  if (second === undefined) return openEnd
  const isPast =
    second.fixed === undefined ? compare(version, second.lastAffected!) > 0 : reached(second.fixed, version, compare)
  if (isPast) return compareEvents(first, second, compare) <= 0 ? undefined : openEnd
  return second.fixed === undefined ? openEnd : { fixed: second.fixed }
}

/** The same for events of any number and order, with limits. */
function endOfMany(range: AffectedRange, version: string, compare: Order): End | undefined {
  if (!isBeforeLimits(range, version, compare)) return undefined
  const events = range.events.filter(event => event.limit === undefined)
  const sorted = events.length < 2 ? events : events.toSorted((a, b) => compareEvents(a, b, compare))
  let isInside = false
  let at = -1
  for (const [index, event] of sorted.entries()) {
    if (event.introduced !== undefined && reached(event.introduced, version, compare)) isInside = true
    else if (event.fixed !== undefined && reached(event.fixed, version, compare)) isInside = false
    else if (event.lastAffected !== undefined && compare(version, event.lastAffected) > 0) isInside = false
    else continue
    at = index
  }
  if (!isInside) return undefined
  for (const event of sorted.slice(at + 1)) {
    if (event.fixed !== undefined) return { fixed: event.fixed }
    if (event.lastAffected !== undefined) return {}
  }
  return {}
}

function reached(event: string, version: string, compare: Order): boolean {
  return event === '0' || compare(version, event) >= 0
}

function isBeforeLimits(range: AffectedRange, version: string, compare: Order): boolean {
  let hasLimit = false
  for (const { limit } of range.events) {
    if (limit === undefined) continue
    if (limit === '*' || compare(version, limit) < 0) return true
    hasLimit = true
  }
  return !hasLimit
}

function compareEvents(a: RangeEvent, b: RangeEvent, compare: Order): number {
  const left = a.introduced ?? a.fixed ?? a.lastAffected ?? ''
  const right = b.introduced ?? b.fixed ?? b.lastAffected ?? ''
  if (left === right) return 0
  if (left === '0' && a.lastAffected === undefined) return -1
  if (right === '0' && b.lastAffected === undefined) return 1
  return compare(left, right)
}

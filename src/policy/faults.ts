import { closest } from '#lib/closest.ts'
import { Failure } from '#lib/failure.ts'
import { asObject } from '#lib/json.ts'
import type { CompilePattern } from '#lib/linear-pattern.ts'
import { parseDuration } from './duration.ts'

/** A value of the document with its path in it, and the list where what is wrong with it is noted. */
export interface Cursor {
  readonly value: unknown
  /** `rules[2].when` */
  readonly path: string
  readonly faults: string[]
  /** For conditions that use patterns. */
  readonly compilePattern?: CompilePattern
}

/** Notes what is wrong at this place; reading goes on, so that one run tells all. */
export function fault(at: Cursor, message: string): void {
  at.faults.push(`${at.path === '' ? 'the document' : at.path} ${message}`)
}

/** Throws the faults found so far as one failure; `name` is the document's. */
export function throwFaults(faults: readonly string[], name: string): void {
  if (faults.length === 0) return
  const shown = faults.slice(0, 20).map(text => `\n  ${text}`)
  const more = faults.length > 20 ? `\n  and ${faults.length - 20} more` : ''
  throw new Failure('policy/invalid', `${name} is not a valid policy:${shown.join('')}${more}`)
}

/** The members of an object. Members outside `known` are faults with the name that was probably meant. */
export function readObject(at: Cursor, known: readonly string[]): ReadonlyMap<string, Cursor> {
  const object = asObject(at.value)
  const members = new Map<string, Cursor>()
  if (object === undefined) {
    fault(at, `has to be an object with ${known.join(', ')}`)
    return members
  }
  for (const key of Object.keys(object)) {
    const cursor = { ...at, value: object[key], path: at.path === '' ? key : `${at.path}.${key}` }
    if (known.includes(key)) members.set(key, cursor)
    else {
      const meant = closest(key, known)
      fault(
        cursor,
        meant === undefined
          ? `is not known here; known are ${known.join(', ')}`
          : `is not known; did you mean ${meant}?`,
      )
    }
  }
  return members
}

/** The member, or a fault and undefined where the document leaves it out. */
export function required(at: Cursor, members: ReadonlyMap<string, Cursor>, key: string): Cursor | undefined {
  const member = members.get(key)
  if (member === undefined && asObject(at.value) !== undefined) fault(at, `needs ${key}`)
  return member
}

/** The elements of a list; a fault where it is none or longer than 10,000. */
export function readList(at: Cursor | undefined): readonly Cursor[] {
  if (at === undefined) return []
  if (!Array.isArray(at.value) || at.value.length > 10_000) {
    fault(at, 'has to be a list')
    return []
  }
  return at.value.map((value, index) => ({ ...at, value, path: `${at.path}[${index}]` }))
}

/** Text that is not blank. What comes back after a fault is never used: the faults are thrown first. */
export function readText(at: Cursor | undefined): string {
  if (at === undefined) return ''
  if (typeof at.value === 'string' && at.value.trim() !== '') return at.value.trim()
  fault(at, 'has to be text')
  return ''
}

/** One of a closed set of words. */
export function readWord<T extends string>(at: Cursor | undefined, words: readonly T[]): T {
  const first = words[0] as T
  if (at === undefined) return first
  const word = words.find(candidate => candidate === at.value)
  if (word !== undefined) return word
  const meant = typeof at.value === 'string' ? closest(at.value, words) : undefined
  fault(at, `has to be one of ${words.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`)
  return first
}

/** A whole number in a range. */
export function readInteger(at: Cursor | undefined, least: number, most: number): number {
  if (at === undefined) return least
  if (Number.isInteger(at.value) && (at.value as number) >= least && (at.value as number) <= most)
    return at.value as number
  fault(at, `has to be a whole number from ${least} to ${most}`)
  return least
}

/** A duration such as `24h` or `30d`, in milliseconds. */
export function readDuration(at: Cursor): number {
  const duration = typeof at.value === 'string' ? parseDuration(at.value) : undefined
  if (duration === undefined) fault(at, 'has to be a duration such as 30m, 24h or 7d')
  return duration ?? 0
}

/** A day of the calendar, `YYYY-MM-DD`. */
export function readDay(at: Cursor | undefined): string {
  const text = readText(at)
  if (at === undefined || text === '') return text
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse accepts 2027-02-30 on some engines and rolls over; a round trip does not.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text)
    fault(at, 'has to be a day such as 2027-01-31')
  return text
}

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Affected, AffectedRange, RangeEvent } from '#model/advisory.ts'

/**
 * Shorter texts are kept as they are: unpacking takes 20 µs, most of it for setting up zlib, and a scan looks at
 * hundreds. Longer ones would not fit into a page of SQLite beside others.
 */
const packedFrom = 900

/** More than any text that was packed. */
const maxText = 64 * 1024 * 1024

/** A text as it is kept in a column. */
export function pack(text: string): string | Uint8Array {
  return text.length < packedFrom ? text : deflateRawSync(text, { level: 6, memLevel: 6 })
}

/** The text again. Throws on a damaged column. */
export function unpack(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return inflateRawSync(value, { maxOutputLength: maxText }).toString('utf8')
  throw new TypeError('a packed column is neither text nor bytes')
}

type PackedStatement = readonly [ranges: readonly (readonly string[])[], versions: readonly string[]]

/** A record's statements about one name, without the name: ranges as a type letter and events with a letter in front. */
export function packAffected(statements: readonly Affected[]): string | Uint8Array {
  const packed = statements.map(({ ranges, versions }): PackedStatement => [ranges.map(packRange), versions])
  const texts = new Set(packed.map(statement => JSON.stringify(statement)))
  return pack(`[${[...texts].join(',')}]`)
}

/** The statements again, about `ecosystem` and `name`. */
export function unpackAffected(value: unknown, ecosystem: string, name: string): Affected[] {
  const packed = JSON.parse(unpack(value)) as readonly PackedStatement[]
  return packed.map(([ranges, versions]) => ({ ecosystem, name, ranges: ranges.map(unpackRange), versions }))
}

function packRange({ type, events }: AffectedRange): readonly string[] {
  return [type === 'SEMVER' ? 'S' : 'E', ...events.map(packEvent)]
}

function packEvent(event: RangeEvent): string {
  if (event.introduced !== undefined) return `i${event.introduced}`
  if (event.fixed !== undefined) return `f${event.fixed}`
  if (event.lastAffected !== undefined) return `a${event.lastAffected}`
  return `l${event.limit}`
}

function unpackRange([type, ...events]: readonly string[]): AffectedRange {
  return { type: type === 'S' ? 'SEMVER' : 'ECOSYSTEM', events: events.map(unpackEvent) }
}

function unpackEvent(text: string): RangeEvent {
  const version = text.slice(1)
  switch (text[0]) {
    case 'i':
      return { introduced: version }
    case 'f':
      return { fixed: version }
    case 'a':
      return { lastAffected: version }
    case 'l':
      return { limit: version }
    default:
      throw new TypeError('an event column is damaged')
  }
}

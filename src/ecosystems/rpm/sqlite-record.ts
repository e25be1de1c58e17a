import { Damage } from './damage.ts'
import { viewOf } from './window.ts'

/** A column's value; text and blobs are bytes. */
export type SqliteValue = null | number | Uint8Array

/** Columns of one row that are looked at. */
const maxColumns = 100

/** A row as stored (https://www.sqlite.org/fileformat2.html#record_format). Throws `Damage` where it is not one. */
export function parseRecord(payload: Uint8Array): readonly SqliteValue[] {
  const header = readVarint(payload, 0)
  if (header.value > payload.length) throw new Damage('truncated', 'A row is cut off')
  const values: SqliteValue[] = []
  let at = header.next
  let body = header.value
  while (at < header.value && values.length < maxColumns) {
    const type = readVarint(payload, at)
    at = type.next
    const size = contentSize(type.value)
    if (body + size > payload.length) throw new Damage('truncated', 'A row is cut off')
    values.push(readValue(payload.subarray(body, body + size), type.value))
    body += size
  }
  return values
}

/** A big-endian number of 1 to 9 bytes, seven bits each; values above 2^53 lose their last digits. */
export function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0
  for (let index = 0; index < 9; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) throw new Damage('truncated', 'A number is cut off')
    if (index === 8) return { value: value * 256 + byte, next: at + 9 }
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, next: at + index + 1 }
  }
  throw new Damage('unreadable', 'A number is too long')
}

const integerSizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

function contentSize(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2)
  const size = integerSizes[type]
  if (size === undefined) throw new Damage('unreadable', `Values of type ${type} are not known`)
  return size
}

function readValue(bytes: Uint8Array, type: number): SqliteValue {
  if (type >= 12) return bytes
  if (type === 0) return null
  if (type === 8) return 0
  if (type === 9) return 1
  if (type === 7) return viewOf(bytes).getFloat64(0)
  let value = bytes[0]! >= 0x80 ? -1 : 0
  for (const byte of bytes) value = value * 256 + byte
  return value
}

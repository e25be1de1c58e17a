import type { ByteSource } from './byte-source.ts'
import { ZipError } from './zip-error.ts'

/** Where the central directory of an archive is. */
export interface ZipEnd {
  /** Place and length of the central directory in the source. */
  readonly start: number
  readonly length: number
  /** Members announced. */
  readonly entries: number
  /** To add to every offset that the archive names: the length of what was put before it. */
  readonly base: number
}

const endBytes = 22
const locatorBytes = 20
const end64Bytes = 56

/** The end record is followed by a comment of at most this many bytes. */
const maxComment = 0xffff

/**
 * Finds the end record the way the Java runtime does: the last one whose comment fits and whose central directory is
 * where it says. Throws `ZipError`: `not-zip` where neither end nor beginning looks like an archive.
 */
export function findZipEnd(source: ByteSource): ZipEnd {
  const tailStart = Math.max(0, source.size - endBytes - maxComment)
  const tail = source.read(tailStart, source.size - tailStart)
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (tail[at] !== 0x50 || u32(tail, at) !== 0x06054b50) continue
    if (at + endBytes + u16(tail, at + 20) > tail.length) continue
    const end = readEnd(source, tail.subarray(at, at + endBytes), tailStart + at)
    const isLast = at + endBytes + u16(tail, at + 20) === tail.length
    if (end !== undefined && (end.entries > 0 || isLast)) return end
  }
  const head = source.read(0, 4)
  if (head.length === 4 && u32(head, 0) === 0x04034b50)
    throw new ZipError('truncated', 'the archive has no zip directory at its end')
  throw new ZipError('not-zip', 'the file is not a zip archive')
}

function readEnd(source: ByteSource, record: Uint8Array, position: number): ZipEnd | undefined {
  const plain = { entries: u16(record, 10), length: u32(record, 12), offset: u32(record, 16), position }
  const wide = readEnd64(source, position)
  for (const found of wide === undefined ? [plain] : [wide, plain]) {
    if (found.entries === 0 && found.length === 0) return { start: found.position, length: 0, entries: 0, base: 0 }
    const start = found.position - found.length
    if (start >= found.offset && isDirectory(source, start))
      return { start, length: found.length, entries: found.entries, base: start - found.offset }
    // Something may stand between the directory and its end record (an archive signature).
    if (found.offset + found.length <= found.position && isDirectory(source, found.offset))
      return { start: found.offset, length: found.length, entries: found.entries, base: 0 }
  }
  return undefined
}

interface EndRecord {
  readonly entries: number
  readonly length: number
  readonly offset: number
  readonly position: number
}

function readEnd64(source: ByteSource, position: number): EndRecord | undefined {
  if (position < locatorBytes + end64Bytes) return undefined
  const locator = source.read(position - locatorBytes, locatorBytes)
  if (u32(locator, 0) !== 0x07064b50) return undefined
  // The second place is right where bytes were put before the archive.
  for (const place of [u64(locator, 8), position - locatorBytes - end64Bytes]) {
    const record = place + end64Bytes <= position ? source.read(place, end64Bytes) : new Uint8Array(0)
    if (record.length === end64Bytes && u32(record, 0) === 0x06064b50)
      return { entries: u64(record, 32), length: u64(record, 40), offset: u64(record, 48), position: place }
  }
  return undefined
}

function isDirectory(source: ByteSource, start: number): boolean {
  const head = source.read(start, 4)
  return head.length === 4 && u32(head, 0) === 0x02014b50
}

/** Little-endian unsigned 16 bits. */
export function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8)
}

/** Little-endian unsigned 32 bits. */
export function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Little-endian unsigned 64 bits; above 2^53 not exact, and then far beyond any file. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) + u32(bytes, at + 4) * 0x1_0000_0000
}

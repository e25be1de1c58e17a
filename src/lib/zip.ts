import type { ByteSource } from './byte-source.ts'
import { LimitError } from './limit-error.ts'
import { decodeText } from './text.ts'
import { findZipEnd, u16, u32, u64 } from './zip-end.ts'
import { ZipError } from './zip-error.ts'

/** One member as the central directory describes it; nothing of it has been verified yet. */
export interface ZipEntry {
  /** As stored: `/`-separated, a directory ends in `/`; may hold anything, `..` included. */
  readonly name: string
  /** 0 stored, 8 deflated; others cannot be read. */
  readonly method: number
  readonly encrypted: boolean
  /** Bytes in the archive, and bytes that they claim to become. */
  readonly packedSize: number
  readonly size: number
  /** CRC-32 of the content as announced; `readZipMember` does not compare it. */
  readonly crc: number
  /** Where its local header starts in the source. */
  readonly offset: number
}

/** A central directory, read. */
export interface ZipDirectory {
  readonly entries: readonly ZipEntry[]
  /** Where the central directory starts in the source: no member may reach beyond it. */
  readonly start: number
  /** What does not add up although the members can be listed: one sentence each. */
  readonly faults: readonly string[]
}

/** Raw DEFLATE, given by the caller: throws `LimitError` above `maxBytes` of output and `Error` on bad data. */
export type InflateRaw = (data: Uint8Array, maxBytes: number) => Uint8Array

/** Archives with more members are refused unless the caller says otherwise. */
const defaultMaxEntries = 200_000

/** Central directories above this are refused: 64 MiB is 300 bytes for each of 200,000 members. */
const maxDirectoryBytes = 64 * 1024 * 1024

const fixedBytes = 46

const entrySignature = 0x02014b50

const latin1 = new TextDecoder('latin1')

/**
 * Reads the central directory of a zip archive (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), with
 * anything before it (a shell script that runs the archive) and zip64 records. No member is read. Throws `ZipError`
 * where there is no whole directory and `LimitError` above `maxEntries`.
 */
export function readZipDirectory(source: ByteSource, maxEntries = defaultMaxEntries): ZipDirectory {
  const end = findZipEnd(source)
  if (end.entries > maxEntries) throw new LimitError(`the archive has more than ${maxEntries} members`)
  if (end.length > maxDirectoryBytes)
    throw new LimitError(`the zip directory is larger than ${maxDirectoryBytes} bytes`)
  const bytes = source.read(end.start, end.length)
  if (bytes.length < end.length) throw new ZipError('truncated', 'the zip directory ends early')
  const text = latin1.decode(bytes)
  const entries: ZipEntry[] = []
  const faults: string[] = []
  for (let at = 0; at + fixedBytes <= bytes.length && u32(bytes, at) === entrySignature; ) {
    if (entries.length >= maxEntries) throw new LimitError(`the archive has more than ${maxEntries} members`)
    const next = at + fixedBytes + u16(bytes, at + 28) + u16(bytes, at + 30) + u16(bytes, at + 32)
    if (next > bytes.length) {
      faults.push('the last entry of the zip directory is cut short')
      break
    }
    entries.push(readEntry(bytes, text, { at, base: end.base }))
    at = next
  }
  // Writers without zip64 support store the count modulo 65,536.
  if ((entries.length & 0xffff) !== (end.entries & 0xffff))
    faults.push(`the zip directory announces ${end.entries} members and lists ${entries.length}`)
  if (overlaps(entries, end.start)) faults.push('members of the archive overlap or lie outside of it')
  return { entries, start: end.start, faults }
}

/**
 * The content of a member: checks its local header, its bounds and its announced size. Throws `LimitError` above
 * `maxBytes`, `ZipError` on an encrypted, unsupported or damaged member, and what `inflate` throws.
 */
export function readZipMember(
  source: ByteSource,
  directory: ZipDirectory,
  member: { readonly entry: ZipEntry; readonly maxBytes: number; readonly inflate: InflateRaw },
): Uint8Array {
  const { entry, maxBytes, inflate } = member
  if (entry.size > maxBytes) throw new LimitError(`${entry.name} is larger than ${maxBytes} bytes`)
  const start = locateZipMember(source, directory, entry)
  if (entry.method !== 0 && entry.method !== 8)
    throw new ZipError('unsupported', `${entry.name} is compressed by method ${entry.method}`)
  if (entry.packedSize > maxBytes + 1024 * 1024) throw new LimitError(`${entry.name} is larger than ${maxBytes} bytes`)
  const packed = source.read(start, entry.packedSize)
  if (packed.length < entry.packedSize) throw new ZipError('truncated', `${entry.name} ends early`)
  const content = entry.method === 0 ? packed : inflate(packed, Math.max(entry.size, 1))
  if (content.length !== entry.size)
    throw new ZipError('damaged', `${entry.name} announces ${entry.size} bytes and has ${content.length}`)
  return content
}

/** Where the bytes of a member start, by its local header. Throws `ZipError` where that header denies the directory. */
function locateZipMember(source: ByteSource, directory: ZipDirectory, entry: ZipEntry): number {
  if (entry.encrypted) throw new ZipError('encrypted', `${entry.name} is encrypted`)
  const header = source.read(entry.offset, 30)
  if (header.length < 30) throw new ZipError('truncated', `${entry.name} ends early`)
  if (u32(header, 0) !== 0x04034b50) throw new ZipError('damaged', `${entry.name} has no local header`)
  const nameLength = u16(header, 26)
  const start = entry.offset + 30 + nameLength + u16(header, 28)
  if (start + entry.packedSize > directory.start)
    throw new ZipError('damaged', `${entry.name} reaches into the zip directory`)
  if (decodeText(source.read(entry.offset + 30, nameLength)) !== entry.name)
    throw new ZipError('damaged', `${entry.name} has another name in its local header`)
  return start
}

/** A stored member as a source of its own, without a copy: an archive in an archive. Throws as `locateZipMember`. */
export function storedZipMember(source: ByteSource, directory: ZipDirectory, entry: ZipEntry): ByteSource {
  if (entry.method !== 0 || entry.packedSize !== entry.size)
    throw new ZipError('damaged', `${entry.name} is not a stored member`)
  const start = locateZipMember(source, directory, entry)
  return {
    size: entry.size,
    read: (offset, length) =>
      offset >= entry.size || offset < 0
        ? new Uint8Array(0)
        : source.read(start + offset, Math.min(length, entry.size - offset)),
  }
}

function readEntry(bytes: Uint8Array, text: string, place: { readonly at: number; readonly base: number }): ZipEntry {
  const { at, base } = place
  const nameStart = at + fixedBytes
  const nameEnd = nameStart + u16(bytes, at + 28)
  let packedSize = u32(bytes, at + 20)
  let size = u32(bytes, at + 24)
  let offset = u32(bytes, at + 42)
  if (packedSize === 0xffffffff || size === 0xffffffff || offset === 0xffffffff) {
    let field = findZip64Field(bytes, nameEnd, nameEnd + u16(bytes, at + 30))
    const take = (value: number): number => {
      if (value !== 0xffffffff || field.at + 8 > field.end) return value
      field = { at: field.at + 8, end: field.end }
      return u64(bytes, field.at - 8)
    }
    size = take(size)
    packedSize = take(packedSize)
    offset = take(offset)
  }
  return {
    name: isAscii(bytes, nameStart, nameEnd)
      ? text.slice(nameStart, nameEnd)
      : decodeText(bytes.subarray(nameStart, nameEnd)),
    method: u16(bytes, at + 10),
    encrypted: (u16(bytes, at + 8) & 1) === 1,
    packedSize,
    size,
    crc: u32(bytes, at + 16),
    offset: offset + base,
  }
}

/** The body of the zip64 extra field (id 1) between two offsets; an empty place where there is none. */
function findZip64Field(bytes: Uint8Array, from: number, to: number): { readonly at: number; readonly end: number } {
  for (let at = from; at + 4 <= to; ) {
    const end = at + 4 + u16(bytes, at + 2)
    if (u16(bytes, at) === 1) return { at: at + 4, end: Math.min(end, to) }
    at = end
  }
  return { at: to, end: to }
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at]! >= 0x80) return false
  return true
}

/** True where two members share bytes, as in https://www.bamsoftware.com/hacks/zipbomb/, or one lies past the end. */
function overlaps(entries: readonly ZipEntry[], limit: number): boolean {
  let ordered = entries
  if (entries.some((entry, index) => index > 0 && entry.offset < entries[index - 1]!.offset))
    ordered = entries.toSorted((a, b) => a.offset - b.offset)
  return ordered.some((entry, index) => {
    // A local header repeats the name; its extra field may differ, so this is the least it takes.
    const end = entry.offset + 30 + entry.packedSize
    return end > (ordered[index + 1]?.offset ?? limit)
  })
}

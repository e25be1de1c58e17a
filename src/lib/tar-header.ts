import { decodeFileName } from './file-name.ts'

/** Tar's unit: headers are one block, bodies are padded to whole ones. */
export const tarBlock = 512

/** The fields of one header block, before extended headers change them. */
export interface TarHeader {
  readonly name: string
  readonly linkName: string
  /** The type flag as a character; `'\0'` for archives older than POSIX. */
  readonly type: string
  /** Bytes of the body as the header says; undefined where the field is not a number. */
  readonly size: number | undefined
  readonly mode: number
}

type Dialect = 'v7' | 'ustar' | 'star' | 'gnu'

/**
 * Reads the header block that begins at `at`, or undefined where its checksum is wrong. Formats: POSIX ustar
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html), GNU
 * (https://www.gnu.org/software/tar/manual/html_node/Standard.html), v7 and star. Where these leave room, it reads as
 * Go's `archive/tar` does, since that is what unpacks layers in every container runtime.
 */
export function readTarHeader(bytes: Uint8Array, at = 0): TarHeader | undefined {
  if (!hasChecksum(bytes, at)) return undefined
  const name = textField(bytes, at, 100)
  const prefix = prefixOf(bytes, at)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: textField(bytes, at + 157, 100),
    type: String.fromCharCode(bytes[at + 156]!),
    size: numberField(bytes, at + 124, 12),
    mode: (numberField(bytes, at + 100, 8) ?? 0) & 0o7777,
  }
}

/** True where an archive may start with these bytes: a header, the zeros of an empty one, or nothing at all. */
export function isTarStart(head: Uint8Array): boolean {
  if (head.length < tarBlock) return head.length === 0
  const block = head.subarray(0, tarBlock)
  return isZeroBlock(block) || hasChecksum(block, 0)
}

/** True for a block of zeros: two of them end an archive. */
export function isZeroBlock(bytes: Uint8Array, at = 0): boolean {
  for (let index = at; index < at + tarBlock; index++) if (bytes[index] !== 0) return false
  return true
}

/** A numeric field: octal text, or base-256 where the first bit is set. Undefined where it is neither, negative or inexact. */
export function numberField(block: Uint8Array, offset: number, length: number): number | undefined {
  const first = block[offset]!
  if (first & 0x80) return base256(block, offset, length)
  let index = offset
  let end = offset + length
  while (index < end && isBlank(block[index]!)) index++
  while (end > index && isBlank(block[end - 1]!)) end--
  let value = 0
  for (; index < end; index++) {
    const digit = block[index]! - 0x30
    // What follows a NUL inside the field is not part of the number.
    if (block[index] === 0) break
    if (digit < 0 || digit > 7) return undefined
    value = value * 8 + digit
  }
  return Number.isSafeInteger(value) ? value : undefined
}

function base256(block: Uint8Array, offset: number, length: number): number | undefined {
  if (block[offset]! & 0x40) return undefined
  let value = block[offset]! & 0x3f
  for (let index = offset + 1; index < offset + length; index++) {
    value = value * 256 + block[index]!
    if (!Number.isSafeInteger(value)) return undefined
  }
  return value
}

/** The sum of all bytes with the checksum field read as spaces; some old writers summed signed bytes. */
function hasChecksum(bytes: Uint8Array, at: number): boolean {
  const expected = numberField(bytes, at + 148, 8)
  if (expected === undefined) return false
  let sum = 8 * 0x20
  for (let index = at; index < at + 148; index++) sum += bytes[index]!
  for (let index = at + 156; index < at + tarBlock; index++) sum += bytes[index]!
  return sum === expected || sum - 256 * negativeBytes(bytes, at) === expected
}

/** How many bytes are negative where bytes have a sign, the checksum field left out. */
function negativeBytes(bytes: Uint8Array, at: number): number {
  let count = 0
  for (let index = at; index < at + 148; index++) count += bytes[index]! >> 7
  for (let index = at + 156; index < at + tarBlock; index++) count += bytes[index]! >> 7
  return count
}

function dialectOf(bytes: Uint8Array, at: number): Dialect {
  if (!hasText(bytes, at + 257, 'ustar')) return 'v7'
  if (bytes[at + 262] === 0) return hasText(bytes, at + 508, 'tar\0') ? 'star' : 'ustar'
  return hasText(bytes, at + 262, '  \0') ? 'gnu' : 'v7'
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text.charCodeAt(index)) return false
  return true
}

function prefixOf(bytes: Uint8Array, at: number): string {
  // In no dialect is there one then.
  if (bytes[at + 345] === 0) return ''
  const dialect = dialectOf(bytes, at)
  if (dialect === 'ustar') return textField(bytes, at + 345, 155)
  if (dialect === 'star') return textField(bytes, at + 345, 131)
  if (dialect !== 'gnu') return ''
  // Go before 1.8 wrote a ustar prefix under GNU's magic, where GNU has atime and ctime; old images have such layers.
  const hasTimes = numberField(bytes, at + 345, 12) !== undefined && numberField(bytes, at + 357, 12) !== undefined
  if (hasTimes) return ''
  const prefix = textField(bytes, at + 345, 155)
  return /^[\x20-\x7e]+$/.test(prefix) ? prefix : ''
}

function textField(bytes: Uint8Array, at: number, length: number): string {
  if (bytes[at] === 0) return ''
  const end = bytes.indexOf(0, at)
  const isFull = end < 0 || end > at + length
  return decodeFileName(bytes.subarray(at, isFull ? at + length : end))
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0
}

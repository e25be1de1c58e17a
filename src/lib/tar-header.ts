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
 * Reads a header block, or undefined where its checksum is wrong. Formats: POSIX ustar
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html), GNU
 * (https://www.gnu.org/software/tar/manual/html_node/Standard.html), v7 and star. Where these leave room, it reads as
 * Go's `archive/tar` does, since that is what unpacks layers in every container runtime.
 */
export function readTarHeader(block: Uint8Array): TarHeader | undefined {
  if (!hasChecksum(block)) return undefined
  const dialect = dialectOf(block)
  const name = textField(block, 0, 100)
  const prefix = prefixOf(block, dialect)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: textField(block, 157, 100),
    type: String.fromCharCode(block[156]!),
    size: numberField(block, 124, 12),
    mode: (numberField(block, 100, 8) ?? 0) & 0o7777,
  }
}

/** True where an archive may start with these bytes: a header, the zeros of an empty one, or nothing at all. */
export function isTarStart(head: Uint8Array): boolean {
  if (head.length < tarBlock) return head.length === 0
  const block = head.subarray(0, tarBlock)
  return isZeroBlock(block) || hasChecksum(block)
}

/** True for a block of zeros: two of them end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let index = 0; index < block.length; index++) if (block[index] !== 0) return false
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
function hasChecksum(block: Uint8Array): boolean {
  const expected = numberField(block, 148, 8)
  if (expected === undefined) return false
  let sum = 8 * 0x20
  for (let index = 0; index < 148; index++) sum += block[index]!
  for (let index = 156; index < tarBlock; index++) sum += block[index]!
  return sum === expected || sum - 256 * negativeBytes(block) === expected
}

/** How many bytes are negative where bytes have a sign, the checksum field left out. */
function negativeBytes(block: Uint8Array): number {
  let count = 0
  for (let index = 0; index < 148; index++) count += block[index]! >> 7
  for (let index = 156; index < tarBlock; index++) count += block[index]! >> 7
  return count
}

function dialectOf(block: Uint8Array): Dialect {
  if (!hasText(block, 257, 'ustar')) return 'v7'
  if (block[262] === 0) return hasText(block, 508, 'tar\0') ? 'star' : 'ustar'
  return hasText(block, 262, '  \0') ? 'gnu' : 'v7'
}

function hasText(block: Uint8Array, offset: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (block[offset + index] !== text.charCodeAt(index)) return false
  return true
}

function prefixOf(block: Uint8Array, dialect: Dialect): string {
  if (dialect === 'ustar') return textField(block, 345, 155)
  if (dialect === 'star') return textField(block, 345, 131)
  if (dialect !== 'gnu') return ''
  // Go before 1.8 wrote a ustar prefix under GNU's magic, where GNU has atime and ctime; old images have such layers.
  const hasTimes = numberField(block, 345, 12) !== undefined && numberField(block, 357, 12) !== undefined
  if (hasTimes) return ''
  const prefix = textField(block, 345, 155)
  return /^[\x20-\x7e]+$/.test(prefix) ? prefix : ''
}

function textField(block: Uint8Array, offset: number, length: number): string {
  if (block[offset] === 0) return ''
  const end = block.indexOf(0, offset)
  const isFull = end < 0 || end > offset + length
  return decodeFileName(block.subarray(offset, isFull ? offset + length : end))
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0
}

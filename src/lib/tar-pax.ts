import { decodeFileName } from './file-name.ts'

/** What a PAX extended header says that matters for reading. */
export interface PaxHeader {
  /** By key, values still bytes; of a key that comes twice the last one counts. An empty value takes the key back. */
  readonly values: ReadonlyMap<string, Uint8Array>
  /** Offsets and lengths of GNU sparse 0.0, in turn; undefined for what is no number or out of turn. */
  readonly sparsePairs: readonly (number | undefined)[]
}

/** No record at all. */
export const noPax: PaxHeader = { values: new Map(), sparsePairs: [] }

/** Keys are kept where they begin with one of these; all others say nothing of name, size or place. */
const keptInitials: ReadonlySet<number> = new Set([...'plsG'].map(letter => letter.charCodeAt(0)))

/** The longest key that matters is `GNU.sparse.numblocks`. */
const maxKeyBytes = 32

/**
 * The records of a PAX extended header: `length key=value\n`, the length in decimal and counting itself
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03). `damaged` where a record
 * does not hold together; those before it stand. Keeps little, however many records there are.
 */
export function readPaxHeader(bytes: Uint8Array): { header: PaxHeader; damaged: boolean } {
  const values = new Map<string, Uint8Array>()
  const sparsePairs: (number | undefined)[] = []
  let offset = 0
  // Some writers pad the body with NULs and count the padding.
  while (offset < bytes.length && bytes[offset] !== 0) {
    const space = bytes.indexOf(0x20, offset)
    const length = space < 0 ? undefined : decimal(bytes.subarray(offset, space))
    const end = offset + (length ?? 0)
    const equals = space < 0 ? -1 : bytes.indexOf(0x3d, space)
    const isWhole = end > space && end <= bytes.length && bytes[end - 1] === 0x0a
    if (length === undefined || !isWhole || equals <= space + 1 || equals >= end) {
      return { header: { values, sparsePairs }, damaged: true }
    }
    if (keptInitials.has(bytes[space + 1]!) && equals - space <= maxKeyBytes) {
      const key = decodeFileName(bytes.subarray(space + 1, equals))
      const value = bytes.subarray(equals + 1, end - 1)
      const turn = key === 'GNU.sparse.offset' ? 0 : key === 'GNU.sparse.numbytes' ? 1 : undefined
      if (turn === undefined) values.set(key, value)
      else sparsePairs.push(sparsePairs.length % 2 === turn ? decimal(value) : undefined)
    }
    offset = end
  }
  const isEmpty = values.size === 0 && sparsePairs.length === 0
  return { header: isEmpty ? noPax : { values, sparsePairs }, damaged: false }
}

/** A decimal number without sign, at most 2^53-1; undefined for anything else. */
export function decimal(bytes: Uint8Array): number | undefined {
  if (bytes.length === 0 || bytes.length > 16) return undefined
  let value = 0
  for (const byte of bytes) {
    if (byte < 0x30 || byte > 0x39) return undefined
    value = value * 10 + (byte - 0x30)
  }
  return Number.isSafeInteger(value) ? value : undefined
}

import { decodeFileName } from './file-name.ts'

/** One record of a PAX extended header, its value still bytes. Order and repetition matter (GNU sparse 0.0). */
export interface PaxRecord {
  readonly key: string
  readonly value: Uint8Array
}

/**
 * The records of a PAX extended header: `length key=value\n`, the length in decimal and counting itself
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03). `damaged` where a record
 * does not hold together; those before it stand.
 */
export function readPaxRecords(bytes: Uint8Array): { records: PaxRecord[]; damaged: boolean } {
  const records: PaxRecord[] = []
  let offset = 0
  while (offset < bytes.length) {
    // Some writers pad the body with NULs and count the padding.
    if (bytes[offset] === 0) break
    const space = bytes.indexOf(0x20, offset)
    const length = space < 0 ? undefined : decimal(bytes.subarray(offset, space))
    const end = offset + (length ?? 0)
    if (length === undefined || end <= space || end > bytes.length || bytes[end - 1] !== 0x0a) {
      return { records, damaged: true }
    }
    const equals = bytes.indexOf(0x3d, space)
    if (equals <= space + 1 || equals >= end) return { records, damaged: true }
    records.push({
      key: decodeFileName(bytes.subarray(space + 1, equals)),
      value: bytes.subarray(equals + 1, end - 1),
    })
    offset = end
  }
  return { records, damaged: false }
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

import { LimitError } from '#lib/limit-error.ts'
import { decodeText } from '#lib/text.ts'
import { Damage } from './damage.ts'
import { viewOf } from './window.ts'

/** Larger headers are refused; the largest real ones (hundreds of thousands of files) have a few tens of megabytes. */
export const maxHeaderBytes = 64 * 1024 * 1024

/** rpm's own bound of index entries (`hdrchkTags`). */
const maxEntries = 0xffff

/** Values of one tag that are read: no real package has as many files. */
const maxValues = 1_000_000

/** The tags that matter here (https://rpm-software-management.github.io/rpm/manual/tags.html). */
export const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  arch: 1022,
  oldFileNames: 1027,
  fileDigests: 1035,
  sourceRpm: 1044,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  fileDigestAlgo: 5011,
  modularityLabel: 5096,
} as const

/** Value types of index entries. */
const types = { int16: 3, int32: 4, string: 6, stringArray: 8, i18nString: 9 }

interface Entry {
  readonly type: number
  readonly offset: number
  readonly count: number
}

/** The values of one package's header, read when asked for. */
export interface Header {
  /** The first string of a tag; undefined where the tag is missing or of another type. */
  readonly string: (tag: number) => string | undefined
  /** All strings of a tag. Throws `Damage` where they are cut off, `LimitError` where they are too many. */
  readonly strings: (tag: number) => readonly string[]
  /** All numbers of a tag, unsigned. Throws as `strings` does. */
  readonly numbers: (tag: number) => readonly number[]
}

/**
 * Reads a header as databases keep it: without the magic that package files have before it
 * (https://rpm-software-management.github.io/rpm/manual/format_header.html). The immutable region is itself an entry and
 * its trailer lies in the data, so both are passed over; what rpm added after the region follows it in the index and wins
 * where a tag is there twice, as in rpm itself. Throws `Damage` where the index does not fit the bytes.
 */
export function openHeader(blob: Uint8Array): Header {
  if (blob.length < 8) throw new Damage('truncated', 'A header is shorter than its sizes')
  const view = viewOf(blob)
  const count = view.getUint32(0)
  const dataSize = view.getUint32(4)
  if (count === 0 || count > maxEntries)
    throw new Damage('unreadable', `A header with ${count} entries is not possible`)
  const start = 8 + count * 16
  if (start + dataSize > blob.length) throw new Damage('truncated', 'A header is cut off')
  const data = blob.subarray(start, start + dataSize)
  const index = new Map<number, Entry>()
  for (let at = 8; at < start; at += 16) {
    const offset = view.getUint32(at + 8)
    if (offset < dataSize)
      index.set(view.getUint32(at), { type: view.getUint32(at + 4), offset, count: view.getUint32(at + 12) })
  }
  const strings = (tag: number, most?: number): readonly string[] => {
    const entry = index.get(tag)
    return entry === undefined ? [] : readStrings(data, entry, most)
  }
  return {
    string: tag => strings(tag, 1)[0],
    strings: tag => strings(tag),
    numbers: tag => {
      const entry = index.get(tag)
      return entry === undefined ? [] : readNumbers(data, entry)
    },
  }
}

function readStrings(data: Uint8Array, entry: Entry, most?: number): readonly string[] {
  if (entry.type !== types.string && entry.type !== types.stringArray && entry.type !== types.i18nString) return []
  // A plain string has count 1 whatever the entry says.
  const count = Math.min(entry.type === types.string ? 1 : entry.count, most ?? Number.POSITIVE_INFINITY)
  if (count > maxValues) throw new LimitError(`${count} values of one tag are more than ${maxValues}`)
  if (count === 0) return []
  let end = entry.offset
  for (let found = 0; found < count; found++) {
    const zero = data.indexOf(0, end)
    if (zero < 0) throw new Damage('truncated', 'The text of a header is cut off')
    end = zero + 1
  }
  return decodeText(data.subarray(entry.offset, end - 1)).split('\0')
}

function readNumbers(data: Uint8Array, entry: Entry): readonly number[] {
  const size = entry.type === types.int32 ? 4 : entry.type === types.int16 ? 2 : 0
  if (size === 0) return []
  if (entry.count > maxValues) throw new LimitError(`${entry.count} values of one tag are more than ${maxValues}`)
  if (entry.offset + entry.count * size > data.length)
    throw new Damage('truncated', 'The numbers of a header are cut off')
  const view = viewOf(data)
  return Array.from({ length: entry.count }, (_, index) =>
    size === 4 ? view.getUint32(entry.offset + index * 4) : view.getUint16(entry.offset + index * 2),
  )
}

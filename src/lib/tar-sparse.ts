import { numberField, tarBlock } from './tar-header.ts'
import { decimal, type PaxHeader } from './tar-pax.ts'

/** A run of a sparse file's bytes that the archive holds; between runs the file is zeros. */
export interface SparseExtent {
  /** Position in the file. */
  readonly offset: number
  readonly length: number
}

/** Extents more than this are refused: the maps of real files have hundreds. */
const maxExtents = 100_000

/** Two numbers of at most 16 digits and their line ends, for every extent. */
const maxMapBytes = maxExtents * 34

/** The map of a GNU sparse 0.0 or 0.1 member, from its PAX header; undefined where the map is damaged. */
export function paxSparseMap(pax: PaxHeader): SparseExtent[] | undefined {
  const map = pax.values.get('GNU.sparse.map')
  if (map === undefined) return toExtents(pax.sparsePairs)
  return map.length === 0 ? [] : toExtents(splitNumbers(map, 0x2c))
}

/** Reads the map of a GNU sparse 1.0 member, which is the first blocks of its body: decimal lines, the count first. */
export class BodySparseMap {
  #text: Uint8Array = new Uint8Array(4 * tarBlock)
  #length = 0
  #lines = 0
  #count: number | undefined

  /** Takes the next block: the extents where the map is whole, `more` where it is not, undefined where it is damaged. */
  add(block: Uint8Array): SparseExtent[] | 'more' | undefined {
    this.#append(block)
    for (const byte of block) if (byte === 0x0a) this.#lines++
    if (this.#lines === 0) return undefined
    const text = this.#text.subarray(0, this.#length)
    const first = text.indexOf(0x0a)
    this.#count ??= decimal(text.subarray(0, first))
    if (this.#count === undefined || this.#count > maxExtents) return undefined
    if (this.#lines < 1 + 2 * this.#count) return this.#length > maxMapBytes ? undefined : 'more'
    return toExtents(splitNumbers(text.subarray(first + 1), 0x0a).slice(0, 2 * this.#count))
  }

  #append(block: Uint8Array): void {
    if (this.#length + block.length > this.#text.length) {
      const larger = new Uint8Array(2 * this.#text.length)
      larger.set(this.#text)
      this.#text = larger
    }
    this.#text.set(block, this.#length)
    this.#length += block.length
  }
}

/** The extents in an old GNU header (`count` 4 at 386) or one of its extension blocks (`count` 21 at 0). */
export function blockSparseMap(block: Uint8Array, offset: number, count: number): SparseExtent[] | undefined {
  const extents: SparseExtent[] = []
  for (let index = 0; index < count; index++) {
    const at = offset + index * 24
    if (block[at] === 0) break
    const start = numberField(block, at, 12)
    const length = numberField(block, at + 12, 12)
    if (start === undefined || length === undefined) return undefined
    extents.push({ offset: start, length })
  }
  return extents
}

/** True where extents are in order, do not overlap, lie in the file and are what the archive holds. */
export function isSparseMap(extents: readonly SparseExtent[], fileSize: number, storedSize: number): boolean {
  let end = 0
  let stored = 0
  for (const { offset, length } of extents) {
    if (offset < end || offset + length > fileSize) return false
    end = offset + length
    stored += length
  }
  return stored <= storedSize
}

function splitNumbers(bytes: Uint8Array, separator: number): (number | undefined)[] {
  const numbers: (number | undefined)[] = []
  let start = 0
  while (start <= bytes.length && numbers.length <= 2 * maxExtents) {
    const next = bytes.indexOf(separator, start)
    const end = next < 0 ? bytes.length : next
    numbers.push(decimal(bytes.subarray(start, end)))
    start = end + 1
  }
  return numbers
}

function toExtents(numbers: readonly (number | undefined)[]): SparseExtent[] | undefined {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * maxExtents) return undefined
  const extents: SparseExtent[] = []
  for (let index = 0; index < numbers.length; index += 2) {
    const offset = numbers[index]
    const length = numbers[index + 1]
    if (offset === undefined || length === undefined) return undefined
    extents.push({ offset, length })
  }
  return extents
}

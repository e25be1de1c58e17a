import { crc32 } from 'node:zlib'

/*
 * An archive whose only member is the archive itself, by the method of Russ Cox, "Zip Files All The Way Down"
 * (https://research.swtch.com/zip): a DEFLATE stream (RFC 1951) of two operations, `print` of bytes that follow and
 * `repeat` of what was printed last, that prints what comes before it, itself, and what comes after it.
 */

/** The bits of a DEFLATE block with fixed codes, lowest first (RFC 1951, section 3.2.6). */
class Bits {
  #bits = ''

  /** A number, lowest bit first. */
  add(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.#bits += (value >> bit) & 1
    return this
  }

  /** A Huffman code, highest bit first. */
  code(value: number, count: number): this {
    this.#bits += value.toString(2).padStart(count, '0')
    return this
  }

  /** Whole bytes; the header of the `print` that follows has to begin in the last bits or right behind them. */
  bytes(): Buffer {
    if (![0, 6, 7].includes(this.#bits.length % 8)) throw new Error(`${this.#bits.length} bits do not end a byte`)
    const octets = this.#bits.match(/.{1,8}/g)!
    return Buffer.from(octets.map(octet => Number.parseInt([...octet].reverse().join(''), 2)))
  }
}

/** What copies `length` bytes from `distance` bytes before, both in the ranges that are needed here. */
function match(bits: Bits, length: number, distance: number): Bits {
  // Base and extra bits of codes 257 to 279 and of distances from 17 on.
  const lengths = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99]
  const distances = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97]
  const at = lengths.findLastIndex(base => base <= length)
  const of = distances.findLastIndex(base => base <= distance)
  const extra = (index: number) => (index < 8 ? 0 : (index - 4) >> 2)
  const more = (index: number) => (index < 4 ? 0 : (index - 2) >> 1)
  bits.code(at + 1, 7).add(length - lengths[at]!, extra(at))
  return bits.code(of, 5).add(distance - distances[of]!, more(of))
}

const begin = () => new Bits().add(0, 1).add(1, 2)
const endOfBlock = (bits: Bits) => bits.code(0, 7).bytes()

/** The header of so many bytes to print: a stored block. */
function print(count: number): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt16LE(count, 1)
  header.writeUInt16LE(~count & 0xffff, 3)
  return header
}

/** Prints the last 20 bytes again. In 40 bits: two copies of 10. */
const repeat20 = endOfBlock(match(match(begin(), 10, 20), 10, 20))

/** Prints the last bytes again, of which the very last is 255. In 38 bits: a copy, and that one as a literal. */
function repeatAll(count: number): Buffer {
  const bits = match(begin(), count - 1, count)
  return endOfBlock(bits.code(0b110010000 + 255 - 144, 9))
}

/** Prints so many last bytes again, in 31 bits. */
const repeat = (count: number) => endOfBlock(match(begin(), count, count))

/** What lies before and behind the stream, for sizes and a checksum that are known. */
function frame(name: string, crc: number, sizes: { readonly packed: number; readonly whole: number }) {
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt16LE(8, 8)
  local.writeUInt32LE(crc, 14)
  local.writeUInt32LE(sizes.packed, 18)
  local.writeUInt32LE(sizes.whole, 22)
  local.writeUInt16LE(name.length, 26)
  const prefix = Buffer.concat([local, Buffer.from(name)])
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(20, 4)
  // Version needed, flags, method, time, checksum, sizes and length of the name are as in the local header.
  local.copy(entry, 6, 4, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(entry.length + name.length, 12)
  end.writeUInt32LE(prefix.length + sizes.packed, 16)
  return { prefix, suffix: Buffer.concat([entry, Buffer.from(name), end]) }
}

/** The archive for a checksum, be it its own or not. */
function build(name: string, crc: number, sizes: { readonly packed: number; readonly whole: number }) {
  const { prefix, suffix } = frame(name, crc, sizes)
  const lastBlock = Buffer.from([1, 0, 0, 0xff, 0xff])
  const first = print(prefix.length + 5)
  const again = repeatAll(prefix.length + 5)
  // `end` is padded by a comment, so that what `body` prints is a whole number of pairs of ten bytes.
  const bare = 4 + 5 + lastBlock.length + suffix.length
  const count = Math.ceil(bare / 10) * 10
  suffix.writeUInt16LE(count - bare, suffix.length - 2)
  const end = Buffer.concat([lastBlock, suffix, Buffer.alloc(count - bare, 0x20)])
  const pair = Buffer.concat([repeat20, print(count)])
  const five = print(5)
  const stream = Buffer.concat([
    Buffer.concat([first, prefix, first, again]),
    Buffer.concat([five, again, five, five]),
    Buffer.concat([print(20), again, five, five, print(20), repeat20]),
    Buffer.concat([print(count), ...new Array(count / 10).fill(pair), repeat20]),
    Buffer.concat([print(count), repeat(count), print(2 * end.length), end, repeat(count)]),
    Buffer.concat([print(2 * end.length), end, end]),
  ])
  return { bytes: Buffer.concat([prefix, stream, end]), packed: stream.length + lastBlock.length }
}

/**
 * Every copy of the checksum in the archive changes the checksum of the archive linearly: the one that is its own is
 * found by elimination over bits. Throws where there is none for that name.
 */
export function zipQuine(name: string): Uint8Array {
  const draft = build(name, 0, { packed: 0, whole: 0 })
  const sizes = { packed: draft.packed, whole: draft.bytes.length }
  const differenceOf = (crc: number) => (crc32(build(name, crc, sizes).bytes) ^ crc) >>> 0
  const zero = differenceOf(0)
  const rows: { readonly value: number; readonly from: number }[] = []
  const reduce = (value: number, from: number) =>
    rows.reduce(
      (now, row) =>
        Math.clz32(now.value ^ row.value) > Math.clz32(row.value)
          ? { value: now.value ^ row.value, from: now.from ^ row.from }
          : now,
      { value, from },
    )
  for (let bit = 0; bit < 32; bit++) {
    const row = reduce((differenceOf((1 << bit) >>> 0) ^ zero) >>> 0, (1 << bit) >>> 0)
    if (row.value !== 0) rows.push(row)
    rows.sort((a, b) => (b.value >>> 0) - (a.value >>> 0))
  }
  const { value, from } = reduce(zero, 0)
  if (value !== 0) throw new Error(`No archive of the name ${name} can be its own member`)
  return new Uint8Array(build(name, from >>> 0, sizes).bytes)
}

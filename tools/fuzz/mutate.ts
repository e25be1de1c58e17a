import type { Random } from './random.ts'

const encoder = new TextEncoder()

/** Bytes as numbers that parsers trip over. */
const oddNumbers = [0, 1, -1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, -0x80000000]

const oddDecimals = ['0', '-1', '1', '4294967295', '4294967296', '9007199254740993', '1e308', '99999999999999999999999']

/** Changes inputs at random, with the words of their format and pieces of each other. */
export class Mutator {
  readonly #random: Random
  readonly #words: readonly Uint8Array[]
  readonly #maxLength: number

  constructor(random: Random, words: readonly (Uint8Array | string)[], maxLength: number) {
    this.#random = random
    this.#words = words.map(word => (typeof word === 'string' ? encoder.encode(word) : word))
    this.#maxLength = maxLength
  }

  /** A changed copy of `bytes`; `other` lends pieces. */
  mutate(bytes: Uint8Array, other: Uint8Array): Uint8Array {
    let result: Uint8Array = bytes.slice()
    const steps = 1 + this.#random.below(this.#random.once(4) ? 12 : 3)
    for (let step = 0; step < steps; step++) result = this.#step(result, other)
    return result.length > this.#maxLength ? result.slice(0, this.#maxLength) : result
  }

  #step(bytes: Uint8Array, other: Uint8Array): Uint8Array {
    const random = this.#random
    const at = random.below(bytes.length)
    switch (random.below(14)) {
      case 0:
        return changed(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)))
      case 1:
        return changed(bytes, at, random.below(256))
      case 2:
        return this.#number(bytes, at)
      case 3:
        return spliced(bytes, at, this.#length(bytes.length - at), new Uint8Array(0))
      case 4:
        return spliced(bytes, at, 0, piece(bytes, random.below(bytes.length), this.#length(256)))
      case 5: {
        const part = piece(other, random.below(other.length), this.#length(other.length))
        return spliced(bytes, at, random.once(2) ? part.length : 0, part)
      }
      case 6:
        return random.once(8) ? bytes.slice(0, at) : changed(bytes, at, random.below(256))
      case 7:
        return this.#repeat(bytes, at)
      case 8:
        return this.#decimal(bytes, at)
      case 9:
        return spliced(bytes, at, 0, randomBytes(random, 1 + random.below(16)))
      case 10:
        return random.once(6) ? joined(bytes.slice(0, at), other.slice(random.below(other.length))) : bytes
      default:
        return this.#word(bytes, at)
    }
  }

  /** A length that is mostly small. */
  #length(most: number): number {
    const bound = this.#random.once(8) ? most : Math.min(most, 32)
    return 1 + this.#random.below(bound)
  }

  #number(bytes: Uint8Array, at: number): Uint8Array {
    const random = this.#random
    const width = 1 << random.below(4)
    const result = bytes.slice()
    if (at + width > result.length) return result
    const view = new DataView(result.buffer, result.byteOffset, result.byteLength)
    const isLittle = random.once(2)
    const near = random.below(9) - 4
    const value = random.once(2) ? (random.pick(oddNumbers) ?? 0) : random.once(2) ? result.length + near : near
    if (width === 1) view.setUint8(at, value)
    else if (width === 2) view.setUint16(at, value, isLittle)
    else if (width === 4) view.setUint32(at, value, isLittle)
    else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), isLittle)
    return result
  }

  /** A number in digits becomes another one. */
  #decimal(bytes: Uint8Array, at: number): Uint8Array {
    let start = at
    while (start < bytes.length && !isDigit(bytes[start])) start++
    let end = start
    while (end < bytes.length && isDigit(bytes[end])) end++
    if (start === bytes.length) return bytes
    return spliced(bytes, start, end - start, encoder.encode(this.#random.pick(oddDecimals)))
  }

  /** A piece many times over: what makes depth and length. */
  #repeat(bytes: Uint8Array, at: number): Uint8Array {
    const part = this.#random.once(2)
      ? piece(bytes, at, this.#length(16))
      : (this.#random.pick(this.#words) ?? piece(bytes, at, 1))
    const most = Math.min(this.#random.once(4) ? 20_000 : 20, Math.floor(this.#maxLength / Math.max(1, part.length)))
    const times = 2 + this.#random.below(most)
    const repeated = new Uint8Array(part.length * times)
    for (let index = 0; index < times; index++) repeated.set(part, index * part.length)
    return spliced(bytes, at, 0, repeated)
  }

  #word(bytes: Uint8Array, at: number): Uint8Array {
    const word = this.#random.pick(this.#words)
    if (word === undefined) return changed(bytes, at, this.#random.below(256))
    return spliced(bytes, at, this.#random.once(2) ? word.length : 0, word)
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256))
}

function piece(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return bytes.subarray(at, at + length)
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const result = bytes.slice()
  if (at < result.length) result[at] = value
  return result
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  return joined(bytes.subarray(0, at), added, bytes.subarray(Math.min(bytes.length, at + removed)))
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

/** Reads up to `length` bytes at an offset of the file; shorter at its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array

/** A run of the file that is mapped to memory. */
export interface Segment {
  readonly address: number
  /** Bytes that the file holds of it. */
  readonly size: number
  readonly offset: number
}

/** What an executable format tells of where things are. */
export interface Executable {
  /** In the order of the file; made as they are looked at. */
  readonly segments: Iterable<Segment>
  /** Where the build information should be: a section of its own, or the first writable data. */
  readonly data: { readonly address: number; readonly size: number } | undefined
}

/** Little- or big-endian numbers in a piece of the file; 0 past its end, so that hostile headers lead nowhere. */
export class Fields {
  readonly #view: DataView
  readonly #little: boolean

  constructor(bytes: Uint8Array, little: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#little = little
  }

  get length(): number {
    return this.#view.byteLength
  }

  u16(offset: number): number {
    return this.#holds(offset, 2) ? this.#view.getUint16(offset, this.#little) : 0
  }

  u32(offset: number): number {
    return this.#holds(offset, 4) ? this.#view.getUint32(offset, this.#little) : 0
  }

  /** Exact up to 2^53, which no address or offset of a program passes. */
  u64(offset: number): number {
    if (!this.#holds(offset, 8)) return 0
    const high = this.#view.getUint32(this.#little ? offset + 4 : offset, this.#little)
    return high * 2 ** 32 + this.#view.getUint32(this.#little ? offset : offset + 4, this.#little)
  }

  #holds(offset: number, size: number): boolean {
    return offset >= 0 && offset + size <= this.#view.byteLength
  }
}

/** Entries of one size, one behind the other; 0 for what lies past an entry's end. */
export class Table {
  readonly count: number
  readonly #fields: Fields
  readonly #size: number

  /** Of a last entry that is cut nothing is seen. */
  constructor(bytes: Uint8Array, size: number, little: boolean) {
    this.count = size === 0 ? 0 : Math.floor(bytes.length / size)
    this.#fields = new Fields(bytes, little)
    this.#size = size
  }

  u32(entry: number, offset: number): number {
    return offset + 4 <= this.#size ? this.#fields.u32(entry * this.#size + offset) : 0
  }

  u64(entry: number, offset: number): number {
    return offset + 8 <= this.#size ? this.#fields.u64(entry * this.#size + offset) : 0
  }
}

/** True where that text stands there with a NUL or the end of the bytes behind it. */
export function isTextAt(bytes: Uint8Array, offset: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[offset + index] !== text.charCodeAt(index)) return false
  }
  return (bytes[offset + text.length] ?? 0) === 0
}

/** Text up to the first NUL, at most `length` bytes. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  let text = ''
  for (let index = offset; index < Math.min(offset + length, bytes.length); index++) {
    const code = bytes[index]!
    if (code === 0) break
    text += String.fromCharCode(code)
  }
  return text
}

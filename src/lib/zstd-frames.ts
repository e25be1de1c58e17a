const frameMagic = 0xfd2fb528

/** How far into the current frame the scanner is. */
type State = 'magic' | 'descriptor' | 'header' | 'block-header' | 'block' | 'checksum' | 'skip-size' | 'skip'

/**
 * Finds where Zstandard frames end (RFC 8878, section 3.1) without decoding them, in bytes pushed in pieces of any
 * size: decoders that stop after one frame can then be given one after another. Linear time. What it does not
 * understand it leaves to the decoder: from there on there are no more ends.
 */
export class ZstdFrameScanner {
  #state: State = 'magic'
  /** Bytes still needed for the state's field, and the little-endian value collected of it. */
  #need = 4
  #value = 0
  #got = 0
  #hasChecksum = false
  #isLast = false
  #lost = false

  /** Offsets in `chunk` just behind the end of a frame, in order. */
  push(chunk: Uint8Array): number[] {
    const ends: number[] = []
    let offset = 0
    while (offset < chunk.length && !this.#lost) {
      const isField = this.#state !== 'block' && this.#state !== 'skip' && this.#state !== 'header'
      const count = isField ? 1 : Math.min(this.#need, chunk.length - offset)
      if (isField) this.#value += chunk[offset]! * 2 ** (8 * this.#got++)
      this.#need -= count
      offset += count
      while (this.#need === 0 && !this.#lost) {
        if (this.#advance()) ends.push(offset)
      }
    }
    return ends
  }

  /** The current field is complete: what comes next. True at the end of a frame. */
  #advance(): boolean {
    const value = this.#value
    switch (this.#state) {
      case 'magic':
        if (value === frameMagic) return this.#expect('descriptor', 1)
        if (value >= 0x184d2a50 && value <= 0x184d2a5f) return this.#expect('skip-size', 4)
        this.#lost = true
        return false
      case 'descriptor':
        this.#hasChecksum = (value & 4) !== 0
        return this.#expect('header', headerLength(value))
      case 'header':
        return this.#expect('block-header', 3)
      case 'block-header':
        this.#isLast = (value & 1) !== 0
        // A run-length block holds one byte, whatever its size says.
        return this.#expect('block', ((value >> 1) & 3) === 1 ? 1 : value >> 3)
      case 'block':
        if (!this.#isLast) return this.#expect('block-header', 3)
        return this.#hasChecksum ? this.#expect('checksum', 4) : this.#endFrame()
      case 'skip-size':
        return this.#expect('skip', value)
      default:
        return this.#endFrame()
    }
  }

  #expect(state: State, need: number): false {
    this.#state = state
    this.#need = need
    this.#value = 0
    this.#got = 0
    return false
  }

  #endFrame(): true {
    this.#expect('magic', 4)
    return true
  }
}

/** Bytes of window, dictionary and content size fields (RFC 8878, section 3.1.1.1). */
function headerLength(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  const flag = descriptor >> 6
  const contentSize = flag === 0 ? (isSingle ? 1 : 0) : 2 ** flag
  return (isSingle ? 0 : 1) + dictionary + contentSize
}

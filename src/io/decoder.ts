import { constants, createGunzip, createZstdDecompress } from 'node:zlib'

/** What a decoder made of its input. */
export interface Decoded {
  /** Bytes of output. */
  readonly given: number
  /** Bytes of the input that it did not take. */
  readonly left: number
}

/** The decoder behind a stream of Node's `zlib`, as far as it is used here. */
interface Handle {
  write?: (flush: number, ...at: readonly unknown[]) => void
  writeSync?: (flush: number, ...at: readonly unknown[]) => void
  onerror: (message: string, number: number, code: string) => void
  /** Called when a write has ended. */
  cb: () => void
}

/**
 * The decoder behind Node's streams, which inflates into memory that is used again: a stream makes new memory for every
 * piece, which takes as long as inflating. Leans on Node's insides: `open` gives nothing where they are not as expected.
 */
export class Decoder {
  readonly #stream: { readonly destroy: () => unknown }
  readonly #handle: Handle
  readonly #left: Uint32Array
  readonly #endFlag: number
  #settle: () => void = () => undefined
  /** The library's name for what is wrong with the stream. */
  fault: string | undefined

  private constructor(stream: { readonly destroy: () => unknown }, handle: Handle, left: Uint32Array, endFlag: number) {
    this.#stream = stream
    this.#handle = handle
    this.#left = left
    this.#endFlag = endFlag
    // A stream that counts as destroyed takes nothing of what its decoder gives.
    Object.defineProperty(stream, 'destroyed', { value: true })
    handle.cb = () => this.#settle()
    handle.onerror = (_message, _number, code) => {
      this.fault = code
      this.#settle()
    }
  }

  static open(encoding: 'gzip' | 'zstd'): Decoder | undefined {
    const isGzip = encoding === 'gzip'
    const stream = isGzip ? createGunzip({ chunkSize: 64 }) : createZstdDecompress({ chunkSize: 64 })
    const { _handle: handle, _writeState: left } = stream as unknown as { _handle?: Handle; _writeState?: Uint32Array }
    const isKnown = typeof handle?.write === 'function' && typeof handle.writeSync === 'function'
    if (!isKnown || !(left instanceof Uint32Array) || !isKnownNode) return undefined
    return new Decoder(stream, handle, left, isGzip ? constants.Z_FINISH : constants.ZSTD_e_end)
  }

  /** Inflates beside the calling thread; nobody may touch either memory meanwhile. One call at a time. */
  async inflate(input: Uint8Array, output: Uint8Array, isEnd: boolean): Promise<Decoded> {
    const ended = Promise.withResolvers<void>()
    this.#settle = ended.resolve
    this.#handle.write!(this.#flag(isEnd), input, 0, input.length, output, 0, output.length)
    await ended.promise
    return this.#decoded(output)
  }

  /** The same in the calling thread. */
  inflateNow(input: Uint8Array, output: Uint8Array): Decoded {
    this.#settle = () => undefined
    this.#handle.writeSync!(this.#flag(false), input, 0, input.length, output, 0, output.length)
    return this.#decoded(output)
  }

  /** Gives the memory back. Not while it inflates. */
  close(): void {
    this.#stream.destroy()
  }

  #flag(isEnd: boolean): number {
    return isEnd ? this.#endFlag : constants.Z_NO_FLUSH
  }

  #decoded(output: Uint8Array): Decoded {
    return { given: output.length - this.#left[0]!, left: this.#left[1]! }
  }
}

/** A version that nobody tried may never call back. */
const isKnownNode = process.versions.node.startsWith('24.')

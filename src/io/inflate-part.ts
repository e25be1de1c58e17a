import { type Decoded, Decoder } from './decoder.ts'
import { type FilePart, readChunks } from './file.ts'
import { faultOf, type InflateFault, inflate } from './inflate.ts'

/** Bytes of a piece: measured, larger ones save up to a tenth of the time, for 30 to 80 MB more. */
const pieceBytes = 2 ** 20

/** A zstd frame that is stored in fewer bytes costs more to hand over than to inflate. */
const smallFrame = 2 ** 14

/** So many small frames between two chances for other work. */
const turnFrames = 256

/** Who gets what a part inflates to. What they are given is valid only during the call. */
export interface PartTaker {
  /** A piece, and how many bytes of the part were read for what came so far; false where nothing more is wanted. */
  readonly take: (bytes: Uint8Array, read: number) => boolean
  /** The bytes of the part itself, in order: all of them, unless inflating ends early. */
  readonly stored?: (bytes: Uint8Array) => void
  readonly signal?: AbortSignal
}

/** How inflating a part ended. */
export interface PartEnd {
  /** What is wrong with the stream. */
  readonly fault?: InflateFault
  /** The system's error where the file cannot be read. */
  readonly error?: Error
}

/**
 * Inflates a part of an open file in the thread pool, piece by piece, to what `inflate` gives: while one piece is taken,
 * the next is inflated. Throws what the taker throws, and where `signal` says so; in any case nobody reads the
 * descriptor any more when this settles.
 */
export async function inflatePart(encoding: 'gzip' | 'zstd', part: FilePart, taker: PartTaker): Promise<PartEnd> {
  taker.signal?.throwIfAborted()
  const source = new PartSource(part, taker.signal)
  const decoder = Decoder.open(encoding)
  const fault =
    decoder === undefined
      ? await inflateByStream(encoding, source, taker)
      : await new PartRun(decoder, encoding, source, taker).run()
  taker.signal?.throwIfAborted()
  if (source.error !== undefined) return { error: source.error }
  return fault === undefined ? {} : { fault }
}

/** The stored bytes, counted; an error of the system ends them. */
class PartSource {
  readonly #part: FilePart
  readonly #signal: AbortSignal | undefined
  read = 0
  error: Error | undefined

  constructor(part: FilePart, signal: AbortSignal | undefined) {
    this.#part = part
    this.#signal = signal
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of readChunks(this.#part, this.#signal)) {
        this.read += chunk.length
        yield chunk
      }
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error))
    }
  }
}

async function inflateByStream(
  encoding: 'gzip' | 'zstd',
  source: PartSource,
  taker: PartTaker,
): Promise<InflateFault | undefined> {
  async function* stored() {
    for await (const chunk of source.chunks()) {
      taker.stored?.(chunk)
      yield chunk
    }
  }
  return await inflate(encoding, stored(), bytes => taker.take(bytes, source.read))
}

/** Two pieces, used in turn. */
type Pieces = readonly [Uint8Array, Uint8Array]

/** Memory that nobody uses: what was touched before costs nothing. */
const spare: Pieces[] = []

/** One part on its way through a decoder. */
class PartRun {
  readonly #decoder: Decoder
  readonly #isGzip: boolean
  readonly #source: PartSource
  readonly #taker: PartTaker
  readonly #pieces: Pieces
  #turn = 0
  /** What was inflated last and is still to be taken. */
  #ready: { readonly bytes: Uint8Array; readonly read: number } | undefined
  /** The stream is at its end: what follows is padding, or does not belong. */
  #hasEnded = false
  #hasTrailing = false
  /** Small frames in a row. */
  #frames = 0

  constructor(decoder: Decoder, encoding: 'gzip' | 'zstd', source: PartSource, taker: PartTaker) {
    this.#decoder = decoder
    this.#isGzip = encoding === 'gzip'
    this.#source = source
    this.#taker = taker
    this.#pieces = spare.pop() ?? [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)]
  }

  async run(): Promise<InflateFault | undefined> {
    try {
      if (!(await this.#drainAll())) return undefined
      if (!this.#give()) return undefined
      if (this.#decoder.fault !== undefined) return faultOf({ code: this.#decoder.fault })
      return this.#hasTrailing ? trailing : undefined
    } finally {
      this.#decoder.close()
      spare.push(this.#pieces)
    }
  }

  /** False where nothing more is wanted. */
  async #drainAll(): Promise<boolean> {
    for await (const chunk of this.#source.chunks()) {
      if (this.#hasEnded) this.#taker.stored?.(chunk)
      if (this.#hasEnded ? this.#isPadding(chunk) : await this.#drain(chunk)) continue
      return this.#isSpoilt()
    }
    if (this.#hasEnded || this.#source.error !== undefined) return true
    return (await this.#drain(new Uint8Array(0), true)) || this.#isSpoilt()
  }

  #isSpoilt(): boolean {
    return this.#hasTrailing || this.#decoder.fault !== undefined
  }

  /** Inflates a chunk; false where nothing more is wanted, or the stream is spoilt. */
  async #drain(chunk: Uint8Array, isLast = false): Promise<boolean> {
    let start = 0
    let isTold = false
    for (;;) {
      const output = this.#pieces[this.#turn]!
      const input = start === 0 ? chunk : chunk.subarray(start)
      let isWanted = true
      let decoded: Decoded
      if (this.#frames > 0 && isTold) {
        isWanted = this.#give()
        decoded = this.#decoder.inflateNow(input, output)
      } else {
        const inflating = this.#decoder.inflate(input, output, isLast)
        try {
          if (!isTold && chunk.length > 0) this.#taker.stored?.(chunk)
          isTold = true
          isWanted = this.#give()
        } finally {
          decoded = await inflating
        }
        this.#taker.signal?.throwIfAborted()
      }
      if (!isWanted || this.#decoder.fault !== undefined) return false
      const { given, left } = decoded
      if (given > 0) {
        this.#ready = { bytes: output.subarray(0, given), read: this.#source.read - left }
        this.#turn = 1 - this.#turn
      }
      const taken = input.length - left
      start = chunk.length - left
      // A zstd decoder stops behind each frame.
      const isFrame = !this.#isGzip && left > 0 && given < output.length
      this.#frames = isFrame && taken < smallFrame ? (this.#frames + 1) % turnFrames : 0
      if (given === output.length || (isFrame && (given > 0 || taken > 0))) continue
      // With room for more it took no more.
      if (left > 0) this.#hasEnded = true
      return left === 0 || this.#isPadding(chunk.subarray(start))
    }
  }

  #isPadding(bytes: Uint8Array): boolean {
    this.#hasTrailing = bytes.some(byte => byte !== 0)
    return !this.#hasTrailing
  }

  /** Gives what is ready; false where nothing more is wanted. */
  #give(): boolean {
    const ready = this.#ready
    this.#ready = undefined
    return ready === undefined || this.#taker.take(ready.bytes, ready.read)
  }
}

const trailing: InflateFault = { code: 'unreadable', detail: 'Bytes follow the end of the compressed stream' }

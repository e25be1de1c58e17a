import { availableParallelism } from 'node:os'
import { type Decoded, Decoder } from './decoder.ts'
import { type FilePart, readChunks } from './file.ts'
import { faultOf, type InflateFault, inflate } from './inflate.ts'

/** Bytes of a piece from the thread pool, and of what is read for it. Measured: larger ones only take more memory. */
const pieceBytes = { least: 2 ** 20, most: 2 ** 21 }

/** Bytes of a piece that is inflated here: it is still in the core's cache when it is taken, and nobody waits long. */
const hereBytes = 2 ** 18

/** Cores for the thread pool. Who takes the pieces is on another. */
const poolCores = Math.max(1, availableParallelism() - 1)

/** Parts at a time: more would only take memory, and wait. */
const maxParts = poolCores + 1

/** A part that has less than so much more left than another is as far as that one. */
const muchMore = 2 ** 22

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
 * Inflates a part of an open file, piece by piece, to what `inflate` gives: in the thread pool, so that the next piece is
 * inflated while one is taken. Of two parts, where the pool has a core for one, the one with much less left is inflated
 * by the caller's thread, which is a core too, in small pieces between which others have their turn; more parts than
 * cores wait. Throws what the taker throws, and where `signal` says so; in any case nobody reads the descriptor any more
 * when this settles.
 */
export async function inflatePart(encoding: 'gzip' | 'zstd', part: FilePart, taker: PartTaker): Promise<PartEnd> {
  taker.signal?.throwIfAborted()
  const source = new PartSource(part, taker.signal)
  await ownTurn()
  let fault: InflateFault | undefined
  try {
    const decoder = Decoder.open(encoding)
    fault =
      decoder === undefined
        ? await inflateByStream(encoding, source, taker)
        : await new PartRun(decoder, encoding, source, taker).run()
  } finally {
    endTurn()
  }
  taker.signal?.throwIfAborted()
  if (source.error !== undefined) return { error: source.error }
  return fault === undefined ? {} : { fault }
}

let parts = 0
const waiting: (() => void)[] = []

/** Resolves when there are few enough others. */
async function ownTurn(): Promise<void> {
  if (parts < maxParts) parts++
  else await new Promise<void>(resolve => waiting.push(resolve))
}

/** Whoever waits longest takes the place. */
function endTurn(): void {
  const next = waiting.shift()
  if (next === undefined) parts--
  else next()
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

  /** Bytes of a piece. Small parts too have several, so that one is inflated while another is taken. */
  get step(): number {
    return Math.max(pieceBytes.least, Math.min(pieceBytes.most, Math.floor(this.#part.size / 4)))
  }

  /** Bytes that are still to be read. */
  get left(): number {
    return this.#part.size - this.read
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of readChunks(this.#part, this.#signal, this.step)) {
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

/** Parts that are being inflated. */
const running = new Set<PartRun>()

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
    this.#pieces = spare.pop() ?? [new Uint8Array(pieceBytes.most), new Uint8Array(pieceBytes.most)]
  }

  async run(): Promise<InflateFault | undefined> {
    running.add(this)
    try {
      if (!(await this.#drainAll())) return undefined
      if (!this.#give()) return undefined
      if (this.#decoder.fault !== undefined) return faultOf({ code: this.#decoder.fault })
      return this.#hasTrailing ? trailing : undefined
    } finally {
      running.delete(this)
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
      const isHere = !isLast && !this.#hasCore()
      const piece = this.#pieces[this.#turn]!
      const output = piece.subarray(0, isHere ? hereBytes : this.#source.step)
      const input = start === 0 ? chunk : chunk.subarray(start)
      let isWanted = true
      let decoded: Decoded
      if (isHere || (this.#frames > 0 && isTold)) {
        if (!isTold) this.#taker.stored?.(chunk)
        isTold = true
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
      if (isHere) {
        if (!this.#give()) return false
        await nextTurn()
        this.#taker.signal?.throwIfAborted()
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

  /** True where the pool has a core for this part: fewer others than it has cores have much more left. */
  #hasCore(): boolean {
    const much = this.#source.left + muchMore
    let others = 0
    for (const other of running) if (other.#source.left > much) others++
    return others < poolCores
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

/** Lets others have their turn. */
function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

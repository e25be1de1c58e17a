import { availableParallelism } from 'node:os'
import { readChunks } from './file.ts'
import type { FilePart } from './hash-pool.ts'
import { faultOf, type InflateFault, inflate } from './inflate.ts'
import { ThreadPool } from './thread-pool.ts'

/** Threads, at most. The thread that asks has little to do meanwhile: it shares a core with them. */
const maxThreads = Math.min(3, availableParallelism())

/** Bytes of a piece: measured, larger ones are no faster. */
const pieceBytes = 2 ** 20

/** Pieces that a thread may be ahead of who takes them: bounds memory. */
const pieces = 4

const pool = new ThreadPool(inflateThread, { name: 'inflate', most: maxThreads })

/** Something will have to be inflated: starts a thread for it, which takes a while. */
export function expectInflating(): void {
  pool.warm()
}

/** Who gets what a part inflates to. */
export interface PartTaker {
  /**
   * A piece, and how many bytes of the part have been read for what came so far; false where nothing more is wanted.
   * The piece is valid only during the call.
   */
  readonly take: (bytes: Uint8Array, read: number) => boolean
  readonly signal?: AbortSignal
}

/** How inflating a part ended. */
export interface PartEnd {
  /** What is wrong with the stream. */
  readonly fault?: InflateFault
  /** The system's error where the file cannot be read. */
  readonly error?: Error
}

type Answer =
  | { readonly piece: number; readonly read: number }
  | { readonly code: string }
  | { readonly failed: string }
  | 'trailing'
  | 'unable'
  | 'end'

/** What a thread is asked. */
interface Question extends FilePart {
  readonly encoding: 'gzip' | 'zstd'
  readonly state: Int32Array<SharedArrayBuffer>
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly pieceBytes: number
  readonly pieces: number
}

/** What both sides share: `[free pieces, 1 to stop]`, and the pieces. */
interface Ring {
  readonly state: Int32Array<SharedArrayBuffer>
  readonly bytes: Uint8Array<SharedArrayBuffer>
}

/**
 * Inflates a part of an open file beside the calling thread, as `inflate` does, piece by piece. Throws what `take`
 * throws, and where `signal` says so; in any case nobody reads the descriptor any more when this settles.
 */
export async function inflatePart(encoding: 'gzip' | 'zstd', part: FilePart, taker: PartTaker): Promise<PartEnd> {
  const ring: Ring = {
    state: new Int32Array(new SharedArrayBuffer(8)),
    bytes: new Uint8Array(new SharedArrayBuffer(pieces * pieceBytes)),
  }
  ring.state[0] = pieces
  const stop = () => {
    Atomics.store(ring.state, 1, 1)
    Atomics.add(ring.state, 0, 1)
    Atomics.notify(ring.state, 0)
  }
  taker.signal?.throwIfAborted()
  taker.signal?.addEventListener('abort', stop, { once: true })
  try {
    const end = await inflateThere(encoding, part, { ring, stop, taker })
    taker.signal?.throwIfAborted()
    return end === 'unable' ? await inflateHere(encoding, part, taker) : end
  } finally {
    taker.signal?.removeEventListener('abort', stop)
  }
}

interface Errand {
  readonly ring: Ring
  readonly stop: () => void
  readonly taker: PartTaker
}

function inflateThere(
  encoding: 'gzip' | 'zstd',
  part: FilePart,
  { ring, stop, taker }: Errand,
): Promise<PartEnd | 'unable'> {
  return new Promise((resolve, reject) => {
    let turn = 0
    let isStopped = false
    let thrown: { readonly error: unknown } | undefined
    const give = (length: number, read: number) => {
      const start = (turn++ % pieces) * pieceBytes
      try {
        if (!isStopped) isStopped = !taker.take(ring.bytes.subarray(start, start + length), read)
      } catch (error) {
        thrown = { error }
        isStopped = true
      }
      if (isStopped) return stop()
      Atomics.add(ring.state, 0, 1)
      Atomics.notify(ring.state, 0)
    }
    const hear = (answer: Answer): boolean => {
      if (typeof answer === 'object' && 'piece' in answer) {
        give(answer.piece, answer.read)
        return false
      }
      if (thrown !== undefined) reject(thrown.error)
      else resolve(isStopped ? {} : endOf(answer))
      return true
    }
    pool.give({
      question: { encoding, ...part, ...ring, pieceBytes, pieces } satisfies Question,
      weight: part.size,
      hear: answer => hear(answer as Answer),
      // Before the first piece, a thread that cannot be had costs time only.
      lost: () => resolve(turn === 0 ? 'unable' : { error: new Error('the thread that inflated it has ended') }),
    })
  })
}

function endOf(answer: Exclude<Answer, { readonly piece: number }>): PartEnd | 'unable' {
  if (answer === 'unable') return 'unable'
  if (answer === 'end') return {}
  if (answer === 'trailing') {
    return { fault: { code: 'unreadable', detail: 'Bytes follow the end of the compressed stream' } }
  }
  if ('failed' in answer) return { error: new Error(answer.failed) }
  return { fault: faultOf(answer) }
}

async function inflateHere(encoding: 'gzip' | 'zstd', part: FilePart, taker: PartTaker): Promise<PartEnd> {
  let read = 0
  let failed: { readonly error: unknown } | undefined
  async function* counted() {
    const chunks = readChunks(part, taker.signal)
    try {
      for await (const chunk of chunks) {
        read += chunk.length
        yield chunk
      }
    } catch (error) {
      failed = { error }
    }
  }
  const fault = await inflate(encoding, counted(), bytes => taker.take(bytes, read))
  taker.signal?.throwIfAborted()
  if (failed === undefined) return fault === undefined ? {} : { fault }
  return { error: failed.error instanceof Error ? failed.error : new Error(String(failed.error)) }
}

/**
 * What a thread runs: started from its own text, it may use nothing of this file. It calls the decoder behind Node's
 * streams, which inflates into memory that is used again: half the time of the stream, which makes a new buffer for
 * every piece. Where Node has no such decoder any more, it says so before it touches anything.
 */
function inflateThread(): void {
  interface Decoder {
    writeSync?: (flush: number, ...at: readonly unknown[]) => void
    onerror: (message: string, number: number, code: string) => void
    close: () => void
  }
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  const { readSync } = process.getBuiltinModule('node:fs')
  const zlib = process.getBuiltinModule('node:zlib')
  const input = Buffer.allocUnsafeSlow(2 ** 18)

  const run = ({ encoding, fd, offset, size, state, bytes, pieceBytes, pieces }: Question) => {
    const isGzip = encoding === 'gzip'
    const stream = isGzip ? zlib.createGunzip({ chunkSize: 64 }) : zlib.createZstdDecompress({ chunkSize: 64 })
    const { _handle: decoder, _writeState: left } = stream as unknown as {
      _handle?: Decoder
      _writeState?: Uint32Array
    }
    if (typeof decoder?.writeSync !== 'function' || !(left instanceof Uint32Array)) return 'unable'
    let code: string | undefined
    decoder.onerror = (_message, _number, name) => {
      code = name
    }
    const finish = isGzip ? zlib.constants.Z_FINISH : zlib.constants.ZSTD_e_end
    let read = 0
    let turn = 0
    let hasEnded = false
    /** Inflates what is in `input`, up to the given end; tells whether to go on. */
    const drain = (end: number, flush: number): boolean => {
      let start = 0
      for (;;) {
        while (Atomics.load(state, 0) === 0) Atomics.wait(state, 0, 0)
        if (Atomics.load(state, 1) === 1) return false
        const at = (turn % pieces) * pieceBytes
        decoder.writeSync!(flush, input, start, end - start, bytes, at, pieceBytes)
        if (code !== undefined) return false
        const [free, rest] = [left[0]!, left[1]!]
        const hasMoved = free < pieceBytes || rest < end - start
        if (free < pieceBytes) {
          Atomics.sub(state, 0, 1)
          turn++
          parentPort!.postMessage({ piece: pieceBytes - free, read: read - rest })
        }
        start = end - rest
        // A zstd decoder stops behind each frame.
        if (free === 0 || (!isGzip && rest > 0 && hasMoved)) continue
        // With room for more it took no more: the stream is at its end, what follows is padding or does not belong.
        if (rest > 0) hasEnded = true
        return rest === 0 || input.subarray(start, end).every(byte => byte === 0)
      }
    }
    try {
      while (read < size) {
        const count = readSync(fd, input, 0, Math.min(input.length, size - read), offset + read)
        if (count === 0) break
        read += count
        if (hasEnded ? input.subarray(0, count).some(byte => byte !== 0) : !drain(count, 0)) {
          return Atomics.load(state, 1) === 1 ? 'end' : code === undefined ? 'trailing' : { code }
        }
      }
      if (!hasEnded) drain(0, finish)
      return code === undefined ? 'end' : { code }
    } finally {
      stream.destroy()
    }
  }

  parentPort!.on('message', question => {
    try {
      parentPort!.postMessage(run(question))
    } catch (error) {
      parentPort!.postMessage({ failed: error instanceof Error ? error.message : String(error) })
    }
  })
}

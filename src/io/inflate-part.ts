import { availableParallelism } from 'node:os'
import { readChunks } from './file.ts'
import { faultOf, type InflateFault, inflate } from './inflate.ts'
import { type FilePart, type InflateQuestion, partThreads } from './part-threads.ts'

/** Threads, at most. The thread that asks has little to do meanwhile: it shares a core with them. */
const maxThreads = Math.min(3, availableParallelism())

/** Bytes of a piece: measured, larger ones are no faster. */
const pieceBytes = 2 ** 20

/** Pieces that a thread may be ahead of who takes them: bounds memory. */
const pieces = 4

/** Something will have to be inflated: starts a thread for it, which takes a while. */
export function expectInflating(): void {
  partThreads.warm(maxThreads)
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

type Ring = Pick<InflateQuestion, 'state' | 'bytes'>

/** Rings that nobody uses: memory that was touched before costs nothing, and memory that threads share is freed late. */
const rings: Ring[] = []

function takeRing(): Ring {
  const ring = rings.pop() ?? {
    state: new Int32Array(new SharedArrayBuffer(8)),
    bytes: new Uint8Array(new SharedArrayBuffer(pieces * pieceBytes)),
  }
  ring.state.set([pieces, 0])
  return ring
}

/**
 * Inflates a part of an open file beside the calling thread, as `inflate` does, piece by piece. Throws what `take`
 * throws, and where `signal` says so; in any case nobody reads the descriptor any more when this settles.
 */
export async function inflatePart(encoding: 'gzip' | 'zstd', part: FilePart, taker: PartTaker): Promise<PartEnd> {
  taker.signal?.throwIfAborted()
  const ring = takeRing()
  const stop = () => {
    Atomics.store(ring.state, 1, 1)
    Atomics.add(ring.state, 0, 1)
    Atomics.notify(ring.state, 0)
  }
  taker.signal?.addEventListener('abort', stop, { once: true })
  try {
    const end = await inflateThere(encoding, part, { ring, stop, taker })
    taker.signal?.throwIfAborted()
    return end === 'unable' ? await inflateHere(encoding, part, taker) : end
  } finally {
    taker.signal?.removeEventListener('abort', stop)
    // The thread has given its last answer, or is gone.
    rings.push(ring)
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
    partThreads.give({
      task: 'inflate',
      question: { encoding, ...part, ...ring, pieceBytes, pieces } satisfies InflateQuestion,
      weight: part.size,
      most: maxThreads,
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

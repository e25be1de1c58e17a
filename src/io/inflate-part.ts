import { type FilePart, readChunks } from './file.ts'
import type { BegunHash } from './hash-part.ts'
import { faultOf, type InflateFault, inflate } from './inflate.ts'
import { askPlace, idleUntil, leavePlace, nextTurn } from './part-places.ts'
import type { InflateAnswer, Inflated, InflateQuestion, Ring } from './part-questions.ts'
import { inflateSteps } from './part-tasks.ts'
import { givePart, maxPartThreads } from './part-threads.ts'
import { newRing } from './ring.ts'

/** Pieces that are taken before others have their turn, where they come as fast as that. */
const turnPieces = 4

/** Bytes of a piece that is inflated here: it is still in the core's cache when it is taken, and others wait less. */
const hereBytes = 2 ** 18

/** Who gets what a part inflates to. */
export interface PartTaker {
  /**
   * A piece, valid only during the call, and how many bytes of the part were read for what came so far; false where
   * nothing more is wanted.
   */
  readonly take: (bytes: Uint8Array, read: number) => boolean
  /** Digests of the part as it is stored, of which something is done where time is left. */
  readonly begun?: BegunHash
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
 * Inflates a part of an open file, piece by piece, to what `inflate` gives: in a thread that is some pieces ahead of
 * their taker, or in the caller's, between whose pieces others have their turn. Throws what the taker throws, and where
 * `signal` says so; in any case nobody reads the descriptor any more when this settles.
 */
export async function inflatePart(encoding: 'gzip' | 'zstd', part: FilePart, taker: PartTaker): Promise<PartEnd> {
  taker.signal?.throwIfAborted()
  const place = await askPlace(part.size)
  try {
    taker.signal?.throwIfAborted()
    const inflate = place === 'thread' ? inflateThere : inflateHere
    const end = (await inflate(encoding, part, taker)) ?? (await inflateByStream(encoding, part, taker))
    taker.signal?.throwIfAborted()
    return end
  } finally {
    leavePlace(place)
    // Who waited for the place goes before what the caller may ask of the threads.
    await nextTurn()
  }
}

/** Memory that nobody uses: what was touched before costs nothing. */
const spareRings: Ring[] = []
const spareRooms: { readonly input: Buffer; readonly output: Uint8Array }[] = []

/** In a thread; undefined where no decoder is known there, or no thread is to be had. */
async function inflateThere(
  encoding: 'gzip' | 'zstd',
  part: FilePart,
  { take, begun, signal }: PartTaker,
): Promise<PartEnd | undefined> {
  const ring = spareRings.pop() ?? newRing()
  const { pieces, sizes, counts } = ring
  counts.fill(0)
  let isLost = false
  const answered = new Promise<InflateAnswer | undefined>(resolve => {
    const lost = () => {
      isLost = true
      resolve(undefined)
      Atomics.notify(counts, 0)
    }
    const hear = (answer: unknown) => resolve(answer as InflateAnswer)
    const question: InflateQuestion = { ...part, encoding, ring, begins: begun?.there }
    givePart({ question, weight: part.size, most: maxPartThreads, hear, lost })
  })
  let taken = 0
  try {
    for (;;) {
      if (Atomics.load(counts, 0) === taken) {
        if (isLost) break
        const arrival = Atomics.waitAsync(counts, 0, taken)
        if (arrival.async) await idleUntil(arrival.value, () => begun?.step() === true)
        signal?.throwIfAborted()
        continue
      }
      const at = taken % pieces.length
      const bytes = sizes[2 * at]!
      if (bytes === 0) break
      const isWanted = take(pieces[at]!.subarray(0, bytes), sizes[2 * at + 1]!)
      taken++
      Atomics.store(counts, 1, taken)
      Atomics.notify(counts, 1)
      if (!isWanted) return {}
      if (taken % turnPieces === 0) await nextTurn()
      signal?.throwIfAborted()
    }
    const answer = await answered
    if (answer === undefined) return taken === 0 ? undefined : { error: new Error('the thread that read it is gone') }
    return answer.isUnknown ? undefined : endOf(answer)
  } finally {
    Atomics.store(counts, 2, 1)
    Atomics.notify(counts, 1)
    await answered
    if (!isLost) spareRings.push(ring)
  }
}

/** In the calling thread; undefined where no decoder is known. */
async function inflateHere(
  encoding: 'gzip' | 'zstd',
  part: FilePart,
  { take, signal }: PartTaker,
): Promise<PartEnd | undefined> {
  const room = spareRooms.pop() ?? { input: Buffer.allocUnsafeSlow(hereBytes / 2), output: new Uint8Array(hereBytes) }
  const steps = inflateSteps(encoding, part, room.input, () => room.output)
  try {
    for (let step = steps?.next(); step !== undefined; step = steps?.next()) {
      if (step.done) return endOf(step.value)
      const { given, read }: Inflated = step.value
      if (!take(room.output.subarray(0, given), read)) return {}
      await nextTurn()
      signal?.throwIfAborted()
    }
    return undefined
  } finally {
    steps?.return({})
    spareRooms.push(room)
  }
}

function endOf({ fault, failed }: InflateAnswer): PartEnd {
  if (failed !== undefined) return { error: new Error(failed) }
  if (fault === undefined) return {}
  return { fault: fault === 'trailing' ? trailing : faultOf({ code: fault }) }
}

const trailing: InflateFault = { code: 'unreadable', detail: 'Bytes follow the end of the compressed stream' }

/** By the streams that Node documents, which takes twice as long. */
async function inflateByStream(
  encoding: 'gzip' | 'zstd',
  part: FilePart,
  { take, signal }: PartTaker,
): Promise<PartEnd> {
  let read = 0
  let error: Error | undefined
  async function* stored() {
    try {
      for await (const chunk of readChunks(part, signal)) {
        read += chunk.length
        yield chunk
      }
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
  }
  const fault = await inflate(encoding, stored(), bytes => take(bytes, read))
  if (error !== undefined) return { error }
  return fault === undefined ? {} : { fault }
}

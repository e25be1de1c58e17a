import { createHash, type Hash } from 'node:crypto'
import { type FilePart, readChunks } from './file.ts'
import type { BegunThere, HashAnswer, Hashing, HashQuestion, PartDigest } from './part-questions.ts'
import { hashStep } from './part-tasks.ts'
import { givePart, maxPartThreads, partThreads } from './part-threads.ts'
import { readAhead } from './read-ahead.ts'
import { newRing } from './ring.ts'

/** A thread takes as long to start as it takes to hash this much: without one, what is not more is hashed by who asks. */
const bytesHere = 2 ** 25
let hashedHere = 0

/** To hand over more is worth it where a thread waits. */
const smallBytes = 2 ** 16

/** A thread has hashed this much before anybody waits for it: the lookup of what was found in a layer takes so long. */
const bytesUnnoticed = 2 ** 27

/** Of more than this some is read for the thread, where time is left. */
const bytesAlone = 2 ** 25

/** What is hashed between two looks at what else there is to do. */
const stepBytes = 2 ** 19

let begunHashes = 0

/**
 * Digests of a part that is being inflated, begun where time is left, for `hashPart` to end. Those of a large part are
 * begun by the thread that takes what it inflates to, which waits long enough; any other's by the one that inflates it,
 * where that is another.
 */
export class BegunHash {
  readonly part: FilePart
  /** For the thread that inflates. */
  readonly there: BegunThere | undefined
  readonly #here: Hashing | undefined
  #buffer: Buffer | undefined

  constructor(part: FilePart, algorithms: readonly string[]) {
    this.part = part
    if (part.size > bytesUnnoticed) this.#here = { hashes: hashesOf(algorithms), bytes: 0 }
    else this.there = { number: ++begunHashes, algorithms }
  }

  /** Hashes some more here; false where nothing is to be, or where the file cannot be read, as `hashPart` will say. */
  step(): boolean {
    if (this.#here === undefined) return false
    this.#buffer ??= Buffer.allocUnsafeSlow(stepBytes)
    try {
      return hashStep(this.part, this.#here, this.#buffer)
    } catch {
      return false
    }
  }

  /** What was hashed here, if ending it takes less than to let a thread do it. */
  get here(): Hashing | undefined {
    return this.#here !== undefined && this.#here.bytes > bytesUnnoticed ? this.#here : undefined
  }
}

/**
 * Hashes a part of an open file beside the calling thread, unless so much was begun here that ending it takes less. Ends
 * early where the file does. Throws where `signal` says so, and the system's error where the file cannot be read; either
 * way nobody reads the descriptor any more by then.
 */
export async function hashPart(
  part: FilePart,
  algorithms: readonly string[],
  signal?: AbortSignal,
  begun?: BegunHash,
): Promise<PartDigest> {
  if (begun?.here !== undefined) return hashHere(part, begun.here, signal)
  const most = partThreads.isWarm ? smallBytes : bytesHere - hashedHere
  if (maxPartThreads < 1 || part.size <= most) {
    hashedHere += part.size
    return hashHere(part, { hashes: hashesOf(algorithms), bytes: 0 }, signal)
  }
  const state = new Int32Array(new SharedArrayBuffer(12))
  const onAbort = () => Atomics.store(state, 0, 1)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  try {
    return await hashThere(part, { algorithms, state, begun: begun?.there?.number }, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** What a thread has been asked. */
interface AskedHash {
  readonly state: Int32Array
  readonly isBegun: boolean
  /** Does it here, while no thread has begun. */
  readonly here: () => Promise<void>
  /** Reads for the thread that has begun. */
  readonly readAhead: () => Promise<void>
}

/** In the order of asking. */
const asked = new Set<AskedHash>()

function hashThere(
  part: FilePart,
  wanted: Omit<HashQuestion, keyof FilePart>,
  signal?: AbortSignal,
): Promise<PartDigest> {
  const { algorithms, state, begun } = wanted
  return new Promise<PartDigest>((resolve, reject) => {
    const here = () => hashHere(part, { hashes: hashesOf(algorithms), bytes: 0 }, signal).then(resolve, reject)
    const ahead = part.size > bytesAlone ? newRing() : undefined
    const job: AskedHash = {
      state,
      isBegun: begun !== undefined,
      here,
      readAhead: () => readAhead(part, { state, ahead }, () => !asked.has(job)),
    }
    const hear = (answer: HashAnswer) => {
      // Otherwise it is done here.
      if (!asked.delete(job)) return
      if (answer === 'stopped') reject(new Error('stopped'))
      else if ('failed' in answer) reject(new Error(answer.failed))
      else resolve(answer)
    }
    asked.add(job)
    givePart({
      question: { ...part, ...wanted, ahead } satisfies HashQuestion,
      weight: part.size,
      most: maxPartThreads,
      hear: answer => hear(answer as HashAnswer),
      // A thread that cannot be had costs time, not the result.
      lost: () => asked.delete(job) && here(),
    })
  })
}

/**
 * Hashes here what threads were asked for and have not begun, from the end, and reads for those that have: for a caller
 * that only waits for them.
 */
export async function helpHash(): Promise<void> {
  for (const job of [...asked].reverse()) {
    if (job.isBegun || Atomics.exchange(job.state, 1, 1) === 1) continue
    asked.delete(job)
    await job.here()
  }
  await Promise.all([...asked].map(job => job.readAhead()))
}

function hashesOf(algorithms: readonly string[]): readonly Hash[] {
  return algorithms.map(name => createHash(name))
}

/** Hashes what follows the bytes that were hashed. */
async function hashHere(
  { fd, offset, size }: FilePart,
  { hashes, bytes: first }: Hashing,
  signal?: AbortSignal,
): Promise<PartDigest> {
  let bytes = first
  for await (const chunk of readChunks({ fd, offset: offset + first, size: size - first }, signal)) {
    for (const hash of hashes) hash.update(chunk)
    bytes += chunk.length
  }
  return { hex: hashes.map(hash => hash.digest('hex')), bytes }
}

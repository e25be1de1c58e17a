import { createHash, type Hash } from 'node:crypto'
import { readSync } from 'node:fs'
import { type FilePart, readChunks } from './file.ts'
import type { HashAnswer, HashQuestion, PartDigest } from './part-tasks.ts'
import { maxPartThreads, partThreads } from './part-threads.ts'

/** A thread takes as long to start as it takes to hash this much: without one, what is not more is hashed by who asks. */
const bytesHere = 2 ** 25
let hashedHere = 0

/** To hand over more is worth it where a thread waits. */
const smallBytes = 2 ** 16

/** A thread has hashed this much before anybody waits for it: the lookup of what was found in a layer takes so long. */
const bytesUnnoticed = 2 ** 27

/** What is hashed between two looks at what else there is to do. */
const stepBytes = 2 ** 19

/** Digests that the calling thread begins while it has nothing else to do, for `hashPart` to end. */
export class BegunHash {
  readonly part: FilePart
  readonly hashes: readonly Hash[]
  readonly #buffer = Buffer.allocUnsafeSlow(stepBytes)
  bytes = 0

  private constructor(part: FilePart, algorithms: readonly string[]) {
    this.part = part
    this.hashes = hashesOf(algorithms)
  }

  /** Undefined where a thread will do it unnoticed. */
  static of(part: FilePart, algorithms: readonly string[]): BegunHash | undefined {
    return part.size > bytesUnnoticed && algorithms.length > 0 ? new BegunHash(part, algorithms) : undefined
  }

  /** Hashes some more; false where there is no more, or where the file cannot be read, as `hashPart` will say. */
  step(): boolean {
    const { fd, offset, size } = this.part
    const most = Math.min(stepBytes, size - this.bytes)
    try {
      const count = most > 0 ? readSync(fd, this.#buffer, 0, most, offset + this.bytes) : 0
      for (const hash of this.hashes) hash.update(this.#buffer.subarray(0, count))
      this.bytes += count
      return count > 0
    } catch {
      return false
    }
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
  if (begun !== undefined && begun.bytes > bytesUnnoticed) return hashHere(part, begun.hashes, signal, begun.bytes)
  const most = partThreads.isWarm ? smallBytes : bytesHere - hashedHere
  if (maxPartThreads < 1 || part.size <= most) {
    hashedHere += part.size
    return hashHere(part, hashesOf(algorithms), signal)
  }
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const onAbort = () => Atomics.store(stop, 0, 1)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  try {
    return await hashThere(part, algorithms, stop)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function hashThere(
  part: FilePart,
  algorithms: readonly string[],
  stop: Int32Array<SharedArrayBuffer>,
): Promise<PartDigest> {
  return new Promise<PartDigest>((resolve, reject) => {
    const hear = (answer: HashAnswer) => {
      if (answer === 'stopped') reject(new Error('stopped'))
      else if ('failed' in answer) reject(new Error(answer.failed))
      else resolve(answer)
    }
    partThreads.give({
      question: { ...part, algorithms, stop } satisfies HashQuestion,
      weight: part.size,
      most: maxPartThreads,
      hear: answer => hear(answer as HashAnswer),
      // A thread that cannot be had costs time, not the result.
      lost: () => hashHere(part, hashesOf(algorithms)).then(resolve, reject),
    })
  })
}

function hashesOf(algorithms: readonly string[]): readonly Hash[] {
  return algorithms.map(name => createHash(name))
}

/** Hashes what follows the first bytes, which the hashes have been given. */
async function hashHere(
  { fd, offset, size }: FilePart,
  hashes: readonly Hash[],
  signal?: AbortSignal,
  first = 0,
): Promise<PartDigest> {
  let bytes = first
  for await (const chunk of readChunks({ fd, offset: offset + first, size: size - first }, signal)) {
    for (const hash of hashes) hash.update(chunk)
    bytes += chunk.length
  }
  return { hex: hashes.map(hash => hash.digest('hex')), bytes }
}

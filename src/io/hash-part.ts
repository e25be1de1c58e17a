import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { type FilePart, readChunks } from './file.ts'
import { ThreadPool } from './thread-pool.ts'

/** The digests of a part, hexadecimal and in the order they were asked for, and how many bytes there were. */
export interface PartDigest {
  readonly hex: readonly string[]
  readonly bytes: number
}

/** What a thread is asked; it stops where `stop[0]` becomes 1. */
interface Question extends FilePart {
  readonly algorithms: readonly string[]
  readonly stop: Int32Array<SharedArrayBuffer>
}

type Answer = PartDigest | { readonly failed: string } | 'stopped'

/** Threads, at most: reading and hashing are bound by memory soon. One core is left to the thread that asks. */
const maxThreads = Math.min(3, availableParallelism() - 1)

/** A thread takes as long to start as it takes to hash this much: what is not more, in all, is hashed by who asks. */
const bytesHere = 2 ** 25
let hashedHere = 0

const threads = new ThreadPool('hash', hashTask)

/**
 * Hashes a part of an open file beside the calling thread. Ends early where the file does. Throws where `signal` says
 * so, and the system's error where the file cannot be read; either way nobody reads the descriptor any more by then.
 */
export async function hashPart(
  part: FilePart,
  algorithms: readonly string[],
  signal?: AbortSignal,
): Promise<PartDigest> {
  if (maxThreads < 1 || hashedHere + part.size <= bytesHere) {
    hashedHere += part.size
    return hashHere(part, algorithms, signal)
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
    const hear = (answer: Answer) => {
      if (answer === 'stopped') reject(new Error('stopped'))
      else if ('failed' in answer) reject(new Error(answer.failed))
      else resolve(answer)
    }
    threads.give({
      question: { ...part, algorithms, stop } satisfies Question,
      weight: part.size,
      most: maxThreads,
      hear: answer => hear(answer as Answer),
      // A thread that cannot be had costs time, not the result.
      lost: () => hashHere(part, algorithms).then(resolve, reject),
    })
  })
}

async function hashHere(part: FilePart, algorithms: readonly string[], signal?: AbortSignal): Promise<PartDigest> {
  const hashes = algorithms.map(name => createHash(name))
  let bytes = 0
  for await (const chunk of readChunks(part, signal)) {
    for (const hash of hashes) hash.update(chunk)
    bytes += chunk.length
  }
  return { hex: hashes.map(hash => hash.digest('hex')), bytes }
}

function hashTask({ fd, offset, size, algorithms, stop }: Question, buffer: Buffer): Answer {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const { readSync } = process.getBuiltinModule('node:fs')
  const hashes = algorithms.map(name => createHash(name))
  let bytes = 0
  while (bytes < size) {
    if (Atomics.load(stop, 0) === 1) return 'stopped'
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - bytes), offset + bytes)
    if (count === 0) break
    for (const hash of hashes) hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
    bytes += count
  }
  return { hex: hashes.map(hash => hash.digest('hex')), bytes }
}

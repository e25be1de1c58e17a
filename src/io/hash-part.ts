import { createHash } from 'node:crypto'
import { type FilePart, readChunks } from './file.ts'
import { type HashAnswer, type HashQuestion, hashThreads, maxHashThreads, type PartDigest } from './hash-thread.ts'

/** A thread takes as long to start as it takes to hash this much: without one, what is not more is hashed by who asks. */
const bytesHere = 2 ** 25
let hashedHere = 0

/** To hand over more is worth it where a thread waits. */
const smallBytes = 2 ** 16

/**
 * Hashes a part of an open file beside the calling thread. Ends early where the file does. Throws where `signal` says
 * so, and the system's error where the file cannot be read; either way nobody reads the descriptor any more by then.
 */
export async function hashPart(
  part: FilePart,
  algorithms: readonly string[],
  signal?: AbortSignal,
): Promise<PartDigest> {
  const most = hashThreads.isWarm ? smallBytes : bytesHere - hashedHere
  if (maxHashThreads < 1 || part.size <= most) {
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
    const hear = (answer: HashAnswer) => {
      if (answer === 'stopped') reject(new Error('stopped'))
      else if ('failed' in answer) reject(new Error(answer.failed))
      else resolve(answer)
    }
    hashThreads.give({
      question: { ...part, algorithms, stop } satisfies HashQuestion,
      weight: part.size,
      most: maxHashThreads,
      hear: answer => hear(answer as HashAnswer),
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

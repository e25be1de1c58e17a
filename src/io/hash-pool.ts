import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { readChunks } from './file.ts'

/** Bytes in an open file. */
export interface FilePart {
  readonly fd: number
  readonly offset: number
  readonly size: number
}

/** The digests of a part, hexadecimal and in the order they were asked for, and how many bytes there were. */
export interface PartDigest {
  readonly hex: readonly string[]
  readonly bytes: number
}

interface Job {
  readonly part: FilePart
  readonly algorithms: readonly string[]
  readonly stop: Int32Array<SharedArrayBuffer>
  readonly resolve: (digest: PartDigest) => void
  readonly reject: (error: unknown) => void
}

type Answer = PartDigest | { readonly failed: string } | 'stopped'

/** A thread with what it has been given, which it does in that order. */
interface Thread {
  readonly worker: Worker
  readonly jobs: Job[]
}

/** Threads, at most: reading and hashing are bound by memory soon. One core is left to the thread that asks. */
const maxThreads = Math.min(3, availableParallelism() - 1)

const threads: Thread[] = []

/**
 * Hashes a part of an open file beside the calling thread. Ends early where the file does. Throws where `signal` says
 * so, and the system's error where the file cannot be read; either way nobody reads the descriptor any more by then.
 */
export async function hashPart(
  part: FilePart,
  algorithms: readonly string[],
  signal?: AbortSignal,
): Promise<PartDigest> {
  if (maxThreads < 1) return hashHere(part, algorithms, signal)
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const onAbort = () => Atomics.store(stop, 0, 1)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  try {
    return await new Promise<PartDigest>((resolve, reject) => {
      give(nextThread(), { part, algorithms, stop, resolve, reject })
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
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

/** The thread with the least to do: jobs wait there, where no busy caller holds them up. */
function nextThread(): Thread {
  const left = ({ jobs }: Thread) => jobs.reduce((sum, { part }) => sum + part.size, 0)
  const least = threads.toSorted((a, b) => left(a) - left(b))[0]
  if (least !== undefined && (least.jobs.length === 0 || threads.length >= maxThreads)) return least
  return startThread()
}

function startThread(): Thread {
  // Loaded where it is needed: a scan whose facts are cached hashes nothing.
  const workers = process.getBuiltinModule('node:worker_threads')
  const options = { eval: true, name: 'hash', resourceLimits: { maxYoungGenerationSizeMb: 1 } }
  const started: Thread = { worker: new workers.Worker(`(${thread})()`, options), jobs: [] }
  threads.push(started)
  started.worker.on('message', (answer: Answer) => {
    const job = started.jobs.shift()!
    // A thread that has nothing to do does not keep the process.
    if (started.jobs.length === 0) started.worker.unref()
    if (answer === 'stopped') job.reject(new Error('stopped'))
    else if ('failed' in answer) job.reject(new Error(answer.failed))
    else job.resolve(answer)
  })
  // A thread that cannot be had costs time, not the result.
  started.worker.on('error', () => {
    threads.splice(threads.indexOf(started), 1)
    for (const job of started.jobs.splice(0)) hashHere(job.part, job.algorithms).then(job.resolve, job.reject)
  })
  return started
}

function give({ worker, jobs }: Thread, job: Job): void {
  jobs.push(job)
  worker.ref()
  worker.postMessage({ ...job.part, algorithms: job.algorithms, stop: job.stop })
}

/** What a thread runs: started from its own text, it may use nothing of this file. */
function thread(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  const { createHash } = process.getBuiltinModule('node:crypto')
  const { readSync } = process.getBuiltinModule('node:fs')
  // Small enough to stay in a core's cache between reading and hashing.
  const buffer = Buffer.allocUnsafeSlow(2 ** 18)
  parentPort!.on('message', ({ fd, offset, size, algorithms, stop }) => {
    const hashes = algorithms.map((name: string) => createHash(name))
    let bytes = 0
    try {
      while (bytes < size) {
        if (Atomics.load(stop as Int32Array, 0) === 1) return parentPort!.postMessage('stopped')
        const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - bytes), offset + bytes)
        if (count === 0) break
        for (const hash of hashes) hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
        bytes += count
      }
      parentPort!.postMessage({
        hex: hashes.map((hash: { digest: (how: 'hex') => string }) => hash.digest('hex')),
        bytes,
      })
    } catch (error) {
      parentPort!.postMessage({ failed: error instanceof Error ? error.message : String(error) })
    }
  })
}

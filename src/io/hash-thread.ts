import { availableParallelism } from 'node:os'
import type { FilePart } from './file.ts'
import { ThreadPool } from './thread-pool.ts'

/** The digests of a part, hexadecimal and in the order they were asked for, and how many bytes there were. */
export interface PartDigest {
  readonly hex: readonly string[]
  readonly bytes: number
}

/** What a thread is asked; it stops where `stop[0]` becomes 1. */
export interface HashQuestion extends FilePart {
  readonly algorithms: readonly string[]
  readonly stop: Int32Array<SharedArrayBuffer>
}

export type HashAnswer = PartDigest | { readonly failed: string } | 'stopped'

/** Threads, at most: reading and hashing are bound by memory soon. One core is left to the thread that asks. */
export const maxHashThreads = Math.min(3, availableParallelism() - 1)

/** Beside the program, which asks them: one of them may be started before the program is there. */
export const hashThreads = new ThreadPool('hash', hashTask)

/** Starts a thread for what will be asked. */
export function warmHashThread(): void {
  if (maxHashThreads > 0) hashThreads.warm()
}

function hashTask({ fd, offset, size, algorithms, stop }: HashQuestion, buffer: Buffer): HashAnswer {
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

import { readSync } from 'node:fs'
import type { FilePart } from './file.ts'
import type { HashQuestion, Ring } from './part-questions.ts'

/** Those that somebody fills: two at a time would write where the thread still reads. */
const inUse = new WeakSet<Ring>()

/** What the thread hashes while the first piece is read. */
const leadBytes = 2 ** 20

/**
 * Reads what a thread will hash next, until `isOver`, and lets others have their turn while there is no room: a thread
 * that need not read hashes a sixth more in the same time. What comes too late for it, it has read itself, as it does
 * where this cannot read. One reader a ring: any other leaves it to the first. Never rejects.
 */
export async function readAhead(
  { fd, offset, size }: FilePart,
  { state, ahead }: Pick<HashQuestion, 'state' | 'ahead'>,
  isOver: () => boolean,
): Promise<void> {
  if (ahead === undefined || inUse.has(ahead)) return
  inUse.add(ahead)
  const { pieces, sizes, counts } = ahead
  let read = 0
  let given = 0
  while (!isOver()) {
    if (given - Atomics.load(counts, 1) === pieces.length) {
      await new Promise(resolve => setTimeout(resolve, 1))
      continue
    }
    read = Math.max(read, Atomics.load(state, 2) * 2 ** 20 + leadBytes)
    const at = given % pieces.length
    const piece = pieces[at]!
    try {
      const count = readSync(fd, piece, 0, Math.max(0, Math.min(piece.length, size - read)), offset + read)
      if (count === 0) return
      read += count
      sizes[2 * at] = count
      sizes[2 * at + 1] = read
    } catch {
      return
    }
    Atomics.store(counts, 0, ++given)
  }
}

import { createHash, randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { Hashing } from './part-questions.ts'
import { hashAhead, hashStep } from './part-tasks.ts'
import { readAhead } from './read-ahead.ts'
import { newRing } from './ring.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-ahead-'))
const path = join(folder, 'file')
const content = randomBytes(9 * 2 ** 20 + 77)
writeFileSync(path, content)
const fd = openSync(path, 'r')
afterAll(() => {
  closeSync(fd)
  rmSync(folder, { recursive: true })
})

const newState = () => new Int32Array(new SharedArrayBuffer(12))
const turn = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Hashes as a thread does, with some turns for the reader before each of the first steps. */
async function hashBeside(part: { fd: number; offset: number; size: number }, turns: readonly number[], room: number) {
  const hashing: Hashing = { hashes: [createHash('sha256')], bytes: 0 }
  const ring = newRing()
  const state = newState()
  let isOver = false
  const reading = readAhead(part, { state, ahead: ring }, () => isOver)
  const buffer = Buffer.alloc(room)
  let taken = 0
  for (let step = 0; ; step++) {
    for (let count = turns[step] ?? 0; count > 0; count--) await turn(1)
    Atomics.store(state, 2, Math.floor(hashing.bytes / 2 ** 20))
    if (hashAhead(ring, hashing)) taken++
    else if (!hashStep(part, hashing, buffer)) break
  }
  isOver = true
  await reading
  return { hex: hashing.hashes[0]!.digest('hex'), bytes: hashing.bytes, taken }
}

const hexOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('io/read-ahead', () => {
  it('gives what the thread hashes next, wherever that is and however fast it goes', async () => {
    let taken = 0

    await fc.assert(
      fc.asyncProperty(
        fc.nat(2 ** 20),
        fc.integer({ min: 0, max: 8 * 2 ** 20 }),
        fc.array(fc.nat(2), { maxLength: 12 }),
        fc.constantFrom(2 ** 18, 2 ** 20, 100_001),
        async (offset, size, turns, room) => {
          const hashed = await hashBeside({ fd, offset, size }, turns, room)
          taken += hashed.taken
          const expected = content.subarray(offset, offset + size)
          expect(hashed).toMatchObject({ hex: hexOf(expected), bytes: expected.length })
        },
      ),
      { numRuns: 60 },
    )

    expect(taken).toBeGreaterThan(60)
  })

  it('leaves a file that ends early, or cannot be read, to the thread', async () => {
    const shortPath = join(folder, 'short')
    writeFileSync(shortPath, content)
    truncateSync(shortPath, 2 ** 21)
    const short = openSync(shortPath, 'r')

    const hashed = await hashBeside({ fd: short, offset: 0, size: content.length }, [2, 2, 2], 2 ** 18)
    closeSync(short)

    expect(hashed).toMatchObject({ hex: hexOf(content.subarray(0, 2 ** 21)), bytes: 2 ** 21 })
    const ahead = newRing()
    const part = { fd: 999_999, offset: 0, size: 2 ** 22 }
    await expect(readAhead(part, { state: newState(), ahead }, () => false)).resolves.toBeUndefined()
    expect(ahead.counts[0]).toBe(0)
  })

  it('is done by one reader alone, whoever else would help', async () => {
    const part = { fd, offset: 0, size: content.length }
    const wanted = { state: newState(), ahead: newRing() }
    const { counts } = wanted.ahead
    let isOver = false
    const reading = readAhead(part, wanted, () => isOver)
    const hashing: Hashing = { hashes: [createHash('sha256').update(content.subarray(0, 2 ** 20))], bytes: 2 ** 20 }
    expect([hashAhead(wanted.ahead, hashing), hashAhead(wanted.ahead, hashing)]).toEqual([true, true])

    await readAhead(part, wanted, () => isOver)

    // Another one would begin again where the thread still reads.
    expect([...counts.subarray(0, 2)]).toEqual([wanted.ahead.pieces.length, 2])
    while (hashing.bytes < content.length) if (!hashAhead(wanted.ahead, hashing)) await turn(1)
    expect(hashing.hashes[0]!.digest('hex')).toBe(hexOf(content))
    isOver = true
    await reading
  })

  it('waits where there is no room, and ends when it is over', async () => {
    const ahead = newRing()
    let isOver = false
    const reading = readAhead({ fd, offset: 0, size: content.length }, { state: newState(), ahead }, () => isOver)
    await turn(20)

    expect(ahead.counts[0]).toBe(ahead.pieces.length)
    isOver = true
    await reading
  })
})

import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { BegunHash, hashPart } from './hash-part.ts'
import { inflatePart } from './inflate-part.ts'
import { maxPartThreads, partThreads } from './part-threads.ts'

const folder = mkdtempSync(join(tmpdir(), 'begun-hash-'))
const path = join(folder, 'file')
afterAll(() => rmSync(folder, { recursive: true }))

/** More than is inflated without a thread, and more than it inflates ahead of its taker. */
const noise = Buffer.from(Uint32Array.from({ length: 1_500_000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1)).buffer)
const stored = gzipSync(noise)

/** Holds this thread up, which leaves the other one time. */
function wait(milliseconds: number): boolean {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
  return true
}

/** Inflates with a taker that is slow at first, changes the first bytes of the file, and asks for digests. */
async function digestsAfterChange(algorithms: readonly string[], isAsked: boolean) {
  writeFileSync(path, stored)
  const fd = openSync(path, 'r+')
  const part = { fd, offset: 0, size: stored.length }
  const begun = new BegunHash(part, algorithms)
  let isFirst = true
  const take = () => {
    if (isFirst) wait(isAsked ? 500 : 5)
    isFirst = false
    return true
  }
  try {
    expect(await inflatePart('gzip', part, { take, begun })).toEqual({})
    writeSync(fd, Buffer.from('changed'), 0, 7, 0)
    return await hashPart(part, algorithms, undefined, isAsked ? begun : undefined)
  } finally {
    closeSync(fd)
  }
}

const hexOf = (bytes: Uint8Array, name: string) => createHash(name).update(bytes).digest('hex')

describe.skipIf(maxPartThreads < 1)('io/hash-part, begun while a part inflates', () => {
  it('goes on in the thread that inflated, where its taker left it time', async () => {
    const { hex, bytes } = await digestsAfterChange(['sha256', 'sha512'], true)

    expect(partThreads.isWarm).toBe(true)
    // Read before the change.
    expect(hex).toEqual([hexOf(stored, 'sha256'), hexOf(stored, 'sha512')])
    expect(bytes).toBe(stored.length)
  })

  it('leaves alone who did not ask for what was begun', async () => {
    const changed = Buffer.concat([Buffer.from('changed'), stored.subarray(7)])

    for (let time = 0; time < 20; time++) {
      const { hex } = await digestsAfterChange(['sha256'], time === 19)
      expect(hex).toEqual([hexOf(time === 19 ? stored : changed, 'sha256')])
    }
  })
})

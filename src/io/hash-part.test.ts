import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BegunHash, hashPart, helpHash } from './hash-part.ts'

const folder = mkdtempSync(join(tmpdir(), 'hash-part-'))
const path = join(folder, 'file')
const content = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 31) % 251))
writeFileSync(path, content)
const fd = openSync(path, 'r')
/** More than is hashed without a thread: mostly zeros, of which the disk holds none. */
const largePath = join(folder, 'large')
const largeSize = 40 * 2 ** 20
writeFileSync(largePath, content)
truncateSync(largePath, largeSize)
const large = openSync(largePath, 'r')
afterAll(() => {
  closeSync(fd)
  closeSync(large)
  rmSync(folder, { recursive: true })
})

describe('io/hash-part', () => {
  it.each([
    [path, content.length],
    [largePath, largeSize],
  ])('agrees with sha256sum on %s', async (file, size) => {
    const expected = execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 64)

    const { hex, bytes } = await hashPart({ fd: file === path ? fd : large, offset: 0, size }, ['sha256'])

    expect(hex).toEqual([expected])
    expect(bytes).toBe(size)
  })

  it('hashes many parts at once, each with several algorithms', async () => {
    const parts = Array.from({ length: 20 }, (_, index) => ({
      fd,
      offset: index * 1000,
      // Small ones are hashed here, where a thread has others.
      size: (index % 2 === 0 ? 60_000 : 300_000) - index,
    }))

    const inThread = hashPart({ fd: large, offset: 0, size: largeSize }, ['sha256'])
    const digests = await Promise.all(parts.map(part => hashPart(part, ['sha256', 'sha512'])))
    await inThread

    for (const [index, { offset, size }] of parts.entries()) {
      const part = content.subarray(offset, offset + size)
      const expected = ['sha256', 'sha512'].map(name => createHash(name).update(part).digest('hex'))
      expect(digests[index]!.hex).toEqual(expected)
    }
  })

  it('ends where the file ends', async () => {
    for (const size of [5000, largeSize]) {
      const { hex, bytes } = await hashPart({ fd, offset: 700_000, size }, ['sha256'])

      expect(bytes).toBe(1)
      expect(hex).toEqual([createHash('sha256').update(content.subarray(700_000)).digest('hex')])
    }
  })

  it('is helped by whoever only waits for it, with what no thread has begun', async () => {
    const part = { fd: large, offset: 0, size: largeSize }
    const stopping = new AbortController()
    const first = hashPart(part, ['sha256'])
    const second = hashPart({ ...part, size: largeSize - 1 }, ['sha256'], stopping.signal)
    const third = hashPart({ ...part, size: largeSize - 2 }, ['sha256'])
    third.then(() => stopping.abort())
    const ended = second.then(
      () => 'done',
      error => error.name,
    )

    await helpHash()

    // Where there are more threads than one, another may have done it.
    expect(await ended).toMatch(/done|AbortError/)
    for (const [made, size] of [
      [first, largeSize],
      [third, largeSize - 2],
    ] as const) {
      const bytes = Buffer.alloc(size)
      content.copy(bytes)
      expect(await made).toEqual({ hex: [createHash('sha256').update(bytes).digest('hex')], bytes: size })
    }
    await helpHash()
  })

  it('goes on with what was begun, if that was much', async () => {
    const size = 2 ** 27 + 2 ** 20
    const hugePath = join(folder, 'huge')
    writeFileSync(hugePath, content)
    truncateSync(hugePath, size)
    const huge = openSync(hugePath, 'r')
    const part = { fd: huge, offset: 0, size }
    const little = new BegunHash(part, ['sha256'])
    const much = new BegunHash(part, ['sha256'])
    little.step()
    for (let step = 0; step < 257; step++) expect(much.step()).toBe(true)

    const digests = await Promise.all([little, much].map(begun => hashPart(part, ['sha256'], undefined, begun)))

    for (const { hex, bytes } of digests) expect([hex, bytes]).toEqual([[hexOf(hugePath, size)], size])
    expect(much.there).toBeUndefined()
    expect(new BegunHash({ ...part, size: 2 ** 27 }, ['sha256']).step()).toBe(false)
    closeSync(huge)
  })

  it.each([10, largeSize])('rejects with what the system says of %i bytes, and goes on after it', async size => {
    await expect(hashPart({ fd: 999_999, offset: 0, size }, ['sha256'])).rejects.toThrow('EBADF')
    await expect(hashPart({ fd: large, offset: 0, size }, ['sha256'])).resolves.toMatchObject({ bytes: size })
  })

  it.each([
    ['here', fd, 50_000],
    ['in a thread', large, largeSize],
  ])('throws the reason of the signal %s', async (_, open, size) => {
    const controller = new AbortController()
    const part = { fd: open, offset: 0, size }
    const hashing = hashPart(part, ['sha256'], controller.signal)
    controller.abort(new Error('no longer wanted'))

    // The part may be done before the signal is seen.
    await expect(
      hashing.then(
        () => 'done',
        error => error.message,
      ),
    ).resolves.toMatch(/done|no longer wanted/)
    await expect(hashPart(part, ['sha256'], controller.signal)).rejects.toThrow('no longer')
  })
})

function hexOf(file: string, size: number): string {
  return execFileSync('sh', ['-c', 'head -c "$2" "$1" | sha256sum', 'sh', file, String(size)], {
    encoding: 'utf8',
  }).slice(0, 64)
}

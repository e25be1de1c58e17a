import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { hashPart } from './hash-part.ts'

const folder = mkdtempSync(join(tmpdir(), 'hash-part-'))
const path = join(folder, 'file')
const content = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 31) % 251))
writeFileSync(path, content)
const fd = openSync(path, 'r')
afterAll(() => {
  closeSync(fd)
  rmSync(folder, { recursive: true })
})

describe('io/hash-part', () => {
  it('agrees with sha256sum', async () => {
    const expected = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64)

    const { hex, bytes } = await hashPart({ fd, offset: 0, size: content.length }, ['sha256'])

    expect(hex).toEqual([expected])
    expect(bytes).toBe(content.length)
  })

  it('hashes many parts at once, each with several algorithms', async () => {
    const parts = Array.from({ length: 20 }, (_, index) => ({ fd, offset: index * 1000, size: 300_000 - index }))

    const digests = await Promise.all(parts.map(part => hashPart(part, ['sha256', 'sha512'])))

    for (const [index, { offset, size }] of parts.entries()) {
      const part = content.subarray(offset, offset + size)
      const expected = ['sha256', 'sha512'].map(name => createHash(name).update(part).digest('hex'))
      expect(digests[index]!.hex).toEqual(expected)
    }
  })

  it('ends where the file ends', async () => {
    const { hex, bytes } = await hashPart({ fd, offset: 700_000, size: 5000 }, ['sha256'])

    expect(bytes).toBe(1)
    expect(hex).toEqual([createHash('sha256').update(content.subarray(700_000)).digest('hex')])
  })

  it('rejects with what the system says, and goes on after it', async () => {
    await expect(hashPart({ fd: 999_999, offset: 0, size: 10 }, ['sha256'])).rejects.toThrow('EBADF')
    await expect(hashPart({ fd, offset: 0, size: 10 }, ['sha256'])).resolves.toMatchObject({ bytes: 10 })
  })

  it('throws the reason of the signal', async () => {
    const controller = new AbortController()
    const hashing = hashPart({ fd, offset: 0, size: content.length }, ['sha256'], controller.signal)
    controller.abort(new Error('no longer wanted'))

    // The part may be done before the signal is seen.
    await expect(
      hashing.then(
        () => 'done',
        error => error.message,
      ),
    ).resolves.toMatch(/done|no longer wanted/)
    await expect(hashPart({ fd, offset: 0, size: 10 }, ['sha256'], controller.signal)).rejects.toThrow('no longer')
  })
})

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { closeDescriptor, openRegularFile, readAt, readChunks } from './file.ts'
import { openSpool } from './spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-spool-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('io/spool', () => {
  it('takes bytes and gives them back, and leaves nothing behind', () => {
    const spool = openSpool(join(folder, 'made'))
    spool.append(Buffer.from('hello '))
    spool.append(Buffer.from('world'))

    expect(spool.size()).toBe(11)
    expect(Buffer.from(readAt(spool.fd, 4, 100)).toString()).toBe('o world')
    expect(readAt(spool.fd, 11, 5)).toHaveLength(0)
    spool.close()
    spool.close()
    expect(readdirSync(join(folder, 'made'))).toEqual([])
  })

  it('keeps long runs of zeros without a place on the disk', () => {
    const spool = openSpool(join(folder, 'made'))
    const pieces = [
      Buffer.alloc(2 ** 20),
      Buffer.from('word'),
      Buffer.alloc(100_001),
      Buffer.alloc(70_000, 1),
      Buffer.alloc(2 ** 20),
    ]
    for (const piece of pieces) spool.append(piece)
    const whole = Buffer.concat(pieces)

    expect(spool.size()).toBe(whole.length)
    expect(spool.occupied()).toBe(70_004)
    expect(Buffer.from(readAt(spool.fd, 0, whole.length + 1)).equals(whole)).toBe(true)
    spool.close()
  })
})

describe('io/file', () => {
  const path = join(folder, 'file')
  const bytes = Buffer.alloc(3 * 2 ** 20 + 17, 'abcdefg')

  it('reads a part of a file in chunks, valid until the next', async () => {
    writeFileSync(path, bytes)
    const file = await openRegularFile(path)
    const found: Buffer[] = []
    for await (const chunk of readChunks({ fd: file!.fd, offset: 5, size: file!.size - 7 }))
      found.push(Buffer.from(chunk))

    expect(file?.size).toBe(bytes.length)
    expect(Buffer.concat(found).equals(bytes.subarray(5, bytes.length - 2))).toBe(true)
    await closeDescriptor(file!.fd)
  })

  it('ends where the file does, stops where it is told to, and may be left early', async () => {
    writeFileSync(path, bytes)
    const file = await openRegularFile(path)
    let size = 0
    for await (const chunk of readChunks({ fd: file!.fd, offset: 0, size: 2 ** 30 })) size += chunk.length
    for await (const _ of readChunks({ fd: file!.fd, offset: 0, size: 2 ** 30 })) break
    const stopped = readChunks({ fd: file!.fd, offset: 0, size: 10 }, AbortSignal.abort(new Error('enough')))

    expect(size).toBe(bytes.length)
    await expect(stopped.next()).rejects.toThrow('enough')
    await closeDescriptor(file!.fd)
  })

  it('opens regular files only', async () => {
    expect(await openRegularFile(folder)).toBeUndefined()
    await expect(openRegularFile(join(folder, 'nothing'))).rejects.toThrow('ENOENT')
  })
})

import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BlobCache } from './blob-cache.ts'

describe('io/blob-cache', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blob-cache-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const entryFile = async () => {
    const names = await readdir(folder, { recursive: true, withFileTypes: true })
    const file = names.find(name => name.isFile() && name.parentPath !== folder)!
    return join(file.parentPath, file.name)
  }

  it('does not have what was made ready only', async () => {
    const cache = new BlobCache(folder, folder)

    const keep = await cache.prepare('key', Buffer.from('value'))
    expect(await cache.get('key')).toBeUndefined()
    await keep()

    expect(await cache.get('key')).toBeDefined()
  })

  it('gives back what was stored, to another process as well', async () => {
    const value = Buffer.from('x'.repeat(100_000))

    await store(new BlobCache(folder, folder), 'key', value)

    expect(Buffer.from((await new BlobCache(folder, folder).get('key'))!)).toEqual(value)
    expect(await new BlobCache(folder, folder).get('other')).toBeUndefined()
  })

  it('reads a damaged, truncated or foreign entry as absent', async () => {
    const cache = new BlobCache(folder, folder)
    await store(cache, 'key', Buffer.from('value'))
    const path = await entryFile()
    const whole = await readFile(path)

    for (const bytes of [
      whole.subarray(0, whole.length - 1),
      Buffer.alloc(0),
      Buffer.from('nothing of ours'),
      Buffer.concat([whole, whole]),
    ]) {
      await writeFile(path, bytes)
      expect(await cache.get('key')).toBeUndefined()
    }
    for (let index = 0; index < whole.length; index++) {
      const flipped = Buffer.from(whole)
      flipped[index]! ^= 1
      await writeFile(path, flipped)
      expect(await cache.get('key')).toBeUndefined()
    }
  })

  it('does not open an entry under the name of another key', async () => {
    const cache = new BlobCache(folder, folder)
    await store(cache, 'one', Buffer.from('first'))
    const one = await entryFile()
    const aside = join(folder, 'aside')
    await rename(one, aside)
    await store(cache, 'two', Buffer.from('second'))
    const two = await entryFile()
    await rename(aside, two)

    expect(await cache.get('two')).toBeUndefined()
  })

  it('goes on without an entry where it cannot write', async () => {
    await writeFile(join(folder, 'file'), '')

    await expect(
      store(new BlobCache(join(folder, 'file', 'below'), folder), 'key', Buffer.from('value')),
    ).resolves.toBeUndefined()
  })
})

async function store(cache: BlobCache, key: string, value: Uint8Array): Promise<void> {
  const keep = await cache.prepare(key, value)
  await keep()
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FeedServer, fillFeeds, paths, recordsOf, startFeedServer } from '#test/hostile/feed-server.ts'
import { bucketFiles } from '#test/support/osv-bucket.ts'
import { sluice } from '#test/support/run.ts'

const day = '2026-02-02'

describe('sluice feeds update --mirror', () => {
  let folder: string
  let mirror: FeedServer
  let environment: Readonly<Record<string, string>>
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-mirror-'))
  })
  beforeEach(async () => {
    mirror = await startFeedServer(day)
    environment = { SLUICE_HOME: mkdtempSync(join(folder, 'home-')) }
  })
  afterEach(() => mirror.close())
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const update = (words: readonly string[] = [], more: Readonly<Record<string, string>> = {}) =>
    sluice(['feeds', 'update', ...words], { environment: { ...environment, ...more } })
  const status = async (): Promise<readonly { feed: string; from: string; asOf?: string }[]> =>
    JSON.parse((await sluice(['feeds', 'status', '--json'], { environment })).stdout).feeds
  const names = async () => (await status()).map(({ feed }) => feed)

  it('takes every feed that the mirror has, then only what changed', async () => {
    const first = await update(['--mirror', `${mirror.origin}/`])
    const asked = mirror.seen.length
    const second = await update(['--mirror', mirror.origin])

    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(await names()).toEqual(['eol', 'epss', 'kev', 'osv/PyPI', 'osv/npm'])
    expect((await status()).find(({ feed }) => feed === 'osv/npm')!.from).toBe(`${mirror.origin}/osv`)
    expect(mirror.seen.slice(asked).map(({ path }) => path)).not.toContain(paths.archive)
  })

  it('is as old as its newest record, not as the day of the update', async () => {
    await update(['--mirror', mirror.origin])

    const dates = (await status()).filter(({ feed }) => feed !== 'eol').map(({ asOf }) => asOf?.slice(0, 10))
    expect(new Set(dates)).toEqual(new Set([day]))
  })

  it('takes an address that is an OSV bucket itself', async () => {
    const bare = await startFeedServer(day)
    bare.files.clear()
    bare.files.set('/a/b/ecosystems.txt', Buffer.from('npm\n'))
    for (const [name, bytes] of bucketFiles(recordsOf('npm', day))) bare.files.set(`/a/b/npm/${name}`, bytes)

    const ended = await update(['--mirror', `${bare.origin}/a/b`])
    await bare.close()

    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(await names()).toEqual(['osv/npm'])
  })

  it('takes copies of archives alone, without lists and indexes', async () => {
    for (const path of [...mirror.files.keys()]) if (!path.endsWith('.zip')) mirror.files.delete(path)

    const ended = await update(['--mirror', mirror.origin])
    const again = await update(['--mirror', mirror.origin])

    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(await names()).toEqual(['osv/PyPI', 'osv/npm'])
  })

  it('says so where an ecosystem that was named is not there, and where nothing is', async () => {
    const named = await update(['Debian', '--mirror', mirror.origin])
    mirror.files.clear()
    environment = { SLUICE_HOME: mkdtempSync(join(folder, 'home-')) }
    const empty = await update(['--mirror', mirror.origin])

    expect(named.code).toBe(2)
    expect(named.stderr).toContain('has no advisories for Debian')
    expect(empty.code).toBe(2)
    expect(empty.stderr).toContain(`There are no advisories at ${mirror.origin}`)
  })

  it('picks up an ecosystem that the mirror has got since', async () => {
    for (const path of [...mirror.files.keys()]) if (path.includes('PyPI')) mirror.files.delete(path)
    mirror.files.set('/osv/ecosystems.txt', Buffer.from('npm\n'))
    await update(['--mirror', mirror.origin])
    const before = await names()
    fillFeeds(mirror, day)
    await update(['--mirror', mirror.origin])

    expect(before).not.toContain('osv/PyPI')
    expect(await names()).toContain('osv/PyPI')
  })

  it('is the default where SLUICE_FEEDS_MIRROR names it, for scans as well', async () => {
    const target = join(folder, 'target')
    mkdirSync(join(target, 'node_modules/bad-0'), { recursive: true })
    writeFileSync(join(target, 'node_modules/bad-0/package.json'), '{"name":"bad-0","version":"1.0.0"}')
    const own = { ...environment, SLUICE_FEEDS_MIRROR: mirror.origin }

    const at = ['--at', '2026-02-03T00:00:00Z']
    const scanned = await sluice(['scan', target, '-q', '-o', 'json', ...at], { environment: own })
    const updated = await update([], own)

    expect(JSON.parse(scanned.stdout).findings).toHaveLength(1)
    expect(scanned.stderr).toBe('')
    expect(updated).toMatchObject({ code: 0, stderr: '' })
    expect(await names()).toContain('osv/PyPI')
  })

  it.each([
    [['--mirror', 'ftp://mirror.example'], 'A mirror is an http'],
    [['--mirror', 'mirror'], 'A mirror is an http'],
    [['--mirror', 'https://me:hush@mirror.example'], 'A mirror is an http'],
    [['--mirror', 'https://mirror.example/?token=hush'], 'A mirror is an http'],
    [['--mirror', 'https://mirror.example', '--from', '.'], 'two places'],
    [['--timeout', 'soon'], '--timeout takes a time'],
    [['--timeout', '0s'], '--timeout takes a time'],
    [['--timeout', '25h'], '--timeout takes a time'],
  ])('answers %j with exit code 2 and a way out', async (words, expected) => {
    const ended = await update(words)

    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain(expected)
    expect(ended.stderr).not.toContain('hush')
  })
})

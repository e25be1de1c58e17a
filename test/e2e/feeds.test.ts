import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDemoFeeds } from '#cli/demo-feeds.ts'
import { root } from '#test/architecture/sources.ts'
import { sluice } from '#test/support/run.ts'

describe('sluice feeds', () => {
  let folder: string
  let feeds: string
  let home: Readonly<Record<string, string>>
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-feeds-'))
    feeds = join(folder, 'feeds')
    await writeDemoFeeds(join(root, 'demo', 'feeds'), feeds)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const freshHome = () => ({ SLUICE_HOME: mkdtempSync(join(folder, 'home-')) })
  const status = async () => JSON.parse((await sluice(['feeds', 'status', '--json'], { environment: home })).stdout)

  it('says that there is nothing yet, and how to get it', async () => {
    home = freshHome()
    const ended = await sluice(['feeds', 'status'], { environment: home })

    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain('sluice feeds update')
    expect(await status()).toMatchObject({ schema: 'sluice.feeds/v1', size: 0, feeds: [] })
  })

  it('takes every feed of a folder, and tells what it holds', async () => {
    home = freshHome()
    const ended = await sluice(['feeds', 'update', '--from', feeds], { environment: home })

    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const held = await status()
    expect(held.size).toBeGreaterThan(0)
    expect(held.feeds.map(({ feed, records }: { feed: string; records: number }) => [feed, records])).toEqual([
      ['eol', 3],
      ['epss', 21],
      ['kev', 3],
      ['osv/Debian', 13],
      ['osv/npm', 10],
    ])
    const shown = await sluice(['feeds', 'status'], { environment: home })
    expect(shown.stdout).toMatch(/osv\/Debian +\S+ +just now +2026-10-21 +13\n/)
    expect(shown.stdout).toContain('50 records')
  })

  it('takes only the ecosystems that are named, and says what changed', async () => {
    home = freshHome()
    const first = await sluice(['feeds', 'update', 'npm', '--from', feeds], { environment: home })
    const second = await sluice(['feeds', 'update', 'npm', '--from', feeds], { environment: home })

    expect(first.stdout).toContain('10 changed')
    expect(second.stdout).toContain('no change')
    expect((await status()).feeds.map(({ feed }: { feed: string }) => feed)).not.toContain('osv/Debian')
  })

  it('keeps the last good data of a source that fails, updates the others, and ends with 2', async () => {
    home = freshHome()
    await sluice(['feeds', 'update', '--from', feeds], { environment: home })
    const damaged = join(folder, 'damaged')
    cpSync(feeds, damaged, { recursive: true })
    writeFileSync(join(damaged, 'osv', 'npm', 'all.zip'), 'PK not an archive')

    const ended = await sluice(['feeds', 'update', '--from', damaged], { environment: home })

    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('osv/npm')
    expect(ended.stderr).toContain('stays in use')
    expect(ended.stdout).toContain('failed, kept as it was')
    expect((await status()).feeds).toContainEqual(expect.objectContaining({ feed: 'osv/npm', records: 10 }))
  })

  it.each([[[]], [['npm']]])('names the way without a network where there is none: update %j', async ecosystems => {
    const nowhere = 'http://127.0.0.1:9'
    const proxies = { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, http_proxy: nowhere, https_proxy: nowhere }
    const environment = { ...freshHome(), NO_PROXY: '', no_proxy: '', ...proxies }

    const ended = await sluice(['feeds', 'update', ...ecosystems], { environment })

    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain('sluice feeds update --from DIR')
  })

  it('tells what was probably meant', async () => {
    home = freshHome()
    const ended = await sluice(['feeds', 'update', 'Npm', '--from', feeds], { environment: home })

    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('Did you mean npm?')
  })

  it('prints nothing where all is well and it is to be quiet', async () => {
    home = freshHome()
    const ended = await sluice(['feeds', 'update', '--from', feeds, '-q'], { environment: home })

    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it.each([
    [['feeds'], 'Say what to do'],
    [['feeds', 'delete'], 'Say what to do'],
    [['feeds', 'status', 'npm'], 'nothing but --json'],
    [['feeds', 'update', '--json'], '--json belongs to'],
    [['feeds', 'update', '--from', './does-not-exist'], 'needs a folder'],
  ])('answers %j with exit code 2 and a way out', async (words, expected) => {
    const ended = await sluice(words, { environment: freshHome() })

    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain(expected)
  })

  it('refuses a folder without feeds', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const ended = await sluice(['feeds', 'update', '--from', empty], { environment: freshHome() })

    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('There are no advisories in')
  })
})

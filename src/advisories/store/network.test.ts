import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '#io/http.ts'
import { bucketFiles, recordOf, type TestRecord } from '#test/support/osv-bucket.ts'
import { ensureEcosystems } from './ensure.ts'
import { openStore } from './open.ts'
import { updateStore } from './update.ts'

/** A bucket over HTTP that knows validators and ranges, notes requests, and breaks where a test says so. */
class Mirror {
  readonly files = new Map<string, Buffer>()
  readonly requests: string[] = []
  /** Bytes after which the next answer for a path breaks off. */
  readonly breaks = new Map<string, number>()
  readonly server: Server = createServer((request, response) => this.answer(request, response))

  put(folder: string, records: readonly TestRecord[]): void {
    for (const [name, bytes] of bucketFiles(records)) this.files.set(`/${encodeURIComponent(folder)}/${name}`, bytes)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!
    const bytes = this.files.get(path)
    const tag = bytes && `"${bytes.length}-${bytes.toString('base64').slice(-40)}"`
    this.requests.push(request.headers.range === undefined ? path : `${path} ${request.headers.range}`)
    if (bytes === undefined) return void response.writeHead(404).end()
    if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end()
    const range = request.headers['if-range'] === tag ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '') : null
    const start = Number(range?.[1] ?? 0)
    const rest = bytes.subarray(start)
    response.writeHead(range === null ? 200 : 206, {
      etag: tag,
      'content-length': rest.length,
      ...(range === null ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    })
    const breakAt = this.breaks.get(path)
    if (breakAt === undefined) return void response.end(rest)
    this.breaks.delete(path)
    response.write(rest.subarray(0, breakAt), () => setTimeout(() => response.destroy(), 50))
  }
}

const now = () => new Date('2026-06-01T00:00:00Z')
const client = createHttpClient({ retries: 0 })

let home: string
let mirror: Mirror

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'advisories-'))
  mirror = new Mirror()
  await new Promise<void>(ready => mirror.server.listen(0, '127.0.0.1', ready))
})

afterEach(async () => {
  rmSync(home, { recursive: true, force: true })
  mirror.server.closeAllConnections()
  await new Promise(done => mirror.server.close(done))
})

const urls = () => ({
  osv: mirror.url,
  kev: `${mirror.url}/kev.json`,
  epss: `${mirror.url}/epss`,
  eol: `${mirror.url}/eol`,
})

async function update(ecosystems: readonly string[] | undefined = ['npm'], when = now) {
  const { outcomes } = await updateStore({ home, urls: urls(), client, ecosystems, now: when })
  const osv = outcomes.filter(outcome => outcome.feed.startsWith('osv/'))
  return Object.fromEntries(
    osv.map(({ feed, state, failure, changed }) => [feed, failure?.code ?? `${state} ${changed}`]),
  )
}

const names = (ecosystem: string, name: string) => {
  const reader = openStore(home)!
  const ids = reader.lookup(ecosystem, name).map(one => one.id)
  reader.close()
  return ids
}

const records = Array.from({ length: 30 }, (_, at) => recordOf(`GHSA-${at}`, 'npm', `p${at}`))

describe('advisories/store/update: the network', () => {
  it('takes an archive first, then single records, then nothing', async () => {
    mirror.put('npm', records)
    expect(await update()).toEqual({ 'osv/npm': 'updated 30' })
    expect(mirror.requests.slice(0, 2)).toEqual(['/npm/modified_id.csv', '/npm/all.zip'])

    mirror.requests.length = 0
    const changed = recordOf('GHSA-3', 'npm', 'p3-renamed', { modified: '2024-05-01T00:00:00Z' })
    mirror.put('npm', [...records.filter(one => one.id !== 'GHSA-3' && one.id !== 'GHSA-4'), changed])
    expect(await update()).toEqual({ 'osv/npm': 'updated 2' })
    expect(mirror.requests.filter(path => path.startsWith('/npm'))).toEqual([
      '/npm/modified_id.csv',
      '/npm/GHSA-3.json',
    ])
    expect([names('npm', 'p3'), names('npm', 'p3-renamed'), names('npm', 'p4')]).toEqual([[], ['GHSA-3'], []])

    mirror.requests.length = 0
    expect(await update(undefined, () => new Date('2026-06-02T00:00:00Z'))).toEqual({ 'osv/npm': 'current 0' })
    expect(mirror.requests.filter(path => path.startsWith('/npm'))).toEqual(['/npm/modified_id.csv'])
    const reader = openStore(home)!
    expect(reader.asOf(['npm'])).toBe('2026-06-02T00:00:00.000Z')
    reader.close()
  })

  it('asks for what the archive has not got yet', async () => {
    mirror.put('npm', records)
    const archive = mirror.files.get('/npm/all.zip')!
    const newer = recordOf('GHSA-3', 'npm', 'p3-renamed', { modified: '2024-05-01T00:00:00Z' })
    mirror.put('npm', [...records.filter(one => one.id !== 'GHSA-3'), newer, recordOf('GHSA-new', 'npm', 'new')])
    mirror.files.set('/npm/all.zip', archive)

    expect((await update())['osv/npm']).toMatch('updated')

    expect([names('npm', 'p3'), names('npm', 'p3-renamed'), names('npm', 'new')]).toEqual([
      [],
      ['GHSA-3'],
      ['GHSA-new'],
    ])
  })

  it('encodes names with blanks', async () => {
    mirror.put('Red Hat', [
      recordOf('RHSA-2024:1', 'Red Hat:enterprise_linux:9::baseos', 'openssl', { upstream: ['CVE-2024-1000'] }),
    ])

    expect(await update(['Red Hat:enterprise_linux:9::baseos'])).toEqual({ 'osv/Red Hat': 'updated 1' })

    expect(mirror.requests[0]).toBe('/Red%20Hat/modified_id.csv')
    expect(names('Red Hat:enterprise_linux:9::baseos', 'openssl')).toEqual(['RHSA-2024:1'])
  })

  it('goes on where a download broke, in the same update', async () => {
    mirror.put('npm', records)
    mirror.breaks.set('/npm/all.zip', 1_000)

    expect(await update()).toEqual({ 'osv/npm': 'updated 30' })

    expect(mirror.requests.filter(path => path.startsWith('/npm/all.zip'))).toEqual([
      '/npm/all.zip',
      '/npm/all.zip bytes=1000-',
    ])
  })

  it('goes on with what another update left, unless the file changed', async () => {
    mirror.put('npm', records)
    mirror.breaks.set('/npm/all.zip', 1_000)
    const stop = new AbortController()
    const progress = ({ step, done }: { step: string; done?: number }) => {
      if (step === 'download' && done! >= 1_000) stop.abort()
    }
    const first = updateStore({ home, urls: urls(), client, ecosystems: ['npm'], now, progress, signal: stop.signal })
    await expect(first).rejects.toMatchObject({ name: 'AbortError' })
    mirror.breaks.clear()
    mirror.requests.length = 0

    expect(await update()).toEqual({ 'osv/npm': 'updated 30' })

    expect(mirror.requests).toContain('/npm/all.zip bytes=1000-')
    expect(readdirSync(join(home, 'advisories', 'downloads'))).toEqual([])
  })

  it('keeps what it has where the mirror is broken, replays or lacks a record', async () => {
    mirror.put(
      'npm',
      records.map(one => ({ ...one, modified: '2024-03-01T00:00:00Z' })),
    )
    await update()
    const csv = mirror.files.get('/npm/modified_id.csv')!

    mirror.files.set('/npm/modified_id.csv', Buffer.concat([Buffer.from('2024-06-01T00:00:00Z,GHSA-gone\n'), csv]))
    expect(await update()).toEqual({ 'osv/npm': 'feeds/broken' })
    mirror.files.set('/npm/modified_id.csv', Buffer.from('2024-06-01T00:00:00Z,GHSA-3\n'))
    expect(await update()).toEqual({ 'osv/npm': 'feeds/broken' })
    mirror.put('npm', records)
    expect(await update()).toEqual({ 'osv/npm': 'feeds/replayed' })
    mirror.files.delete('/npm/modified_id.csv')
    expect(await update()).toEqual({ 'osv/npm': 'feeds/not-found' })
    expect(names('npm', 'p3')).toEqual(['GHSA-3'])
  })

  it('fetches only what is needed first, and nothing that is held', async () => {
    mirror.put('npm', records)

    await ensureEcosystems({ home, urls: urls(), client, ecosystems: ['npm'], now })
    mirror.requests.length = 0
    await ensureEcosystems({ home, urls: urls(), client, ecosystems: ['npm'], now })

    expect(mirror.requests).toEqual([])
    await expect(
      ensureEcosystems({ home, urls: urls(), client, ecosystems: ['npm', 'Go'], now }),
    ).rejects.toMatchObject({
      code: 'feeds/unavailable',
    })
  })

  it('names the way out where there is no network', async () => {
    const nowhere = {
      osv: 'http://127.0.0.1:9',
      kev: 'http://127.0.0.1:9',
      epss: 'http://127.0.0.1:9',
      eol: 'http://127.0.0.1:9',
    }

    const attempt = ensureEcosystems({ home, urls: nowhere, client, ecosystems: ['Debian:12'] })

    await expect(attempt).rejects.toMatchObject({ code: 'feeds/unavailable', hint: expect.stringContaining('--from') })
    expect(openStore(home)).toBeUndefined()
  })
})

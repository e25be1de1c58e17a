import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { OpenOptions } from '#images/types.ts'
import { openRegistryImage } from './open.ts'

const closers: (() => void)[] = []
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-open-'))
})

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('images/registry/open', () => {
  it('takes the manifest of the platform that is wanted, past attestations', async () => {
    const store = new Store()
    const arm = store.image('arm64', [])
    const amd = store.image('amd64', [])
    const unknown = { os: 'unknown', architecture: 'unknown' }
    const index = store.index([
      { ...store.image('none', []), platform: unknown },
      { ...arm, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      { ...amd, platform: { os: 'linux', architecture: 'amd64' } },
    ])
    const host = await serve(store, { '1': index.digest })

    const opened = await open(`${host}/x:1`, { platform: 'linux/arm64' })
    const failure = await open(`${host}/x:1`, { platform: 'linux/s390x' }).catch((error: unknown) => error)

    expect(opened.image?.digest).toBe(arm.digest)
    expect(opened.image?.platform.architecture).toBe('arm64')
    expect(failure).toMatchObject({ code: 'image/no-platform' })
  })

  it('refuses what is no image', async () => {
    const store = new Store()
    const config = { ...store.put('{}'), mediaType: 'application/vnd.cncf.helm.config.v1+json' }
    const chart = store.put(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [] }))
    const host = await serve(store, { '1': chart.digest })

    await expect(open(`${host}/chart:1`)).rejects.toMatchObject({ code: 'image/not-an-image' })
  })

  it('refuses a configuration that is not the one the manifest names', async () => {
    const store = new Store()
    const image = store.image('amd64', [])
    store.damage(image.config)
    const host = await serve(store, { '1': image.digest })

    await expect(open(`${host}/x:1`)).rejects.toMatchObject({ code: 'registry/digest-mismatch' })
  })

  it('refuses a manifest in an index that is not the one the index names', async () => {
    const store = new Store()
    const image = store.image('amd64', [])
    const index = store.index([{ ...image, platform: { os: 'linux', architecture: 'amd64' } }])
    store.damage(image.digest)
    const host = await serve(store, { '1': index.digest })

    await expect(open(`${host}/x:1`)).rejects.toMatchObject({ code: 'registry/digest-mismatch' })
  })

  it('reads the other layers where one is gone', async () => {
    const store = new Store()
    const [gone, kept] = [layerOf('gone'), layerOf('kept')]
    const image = store.image('amd64', [gone, kept])
    store.remove(gone.digest)
    const host = await serve(store, { '1': image.digest })

    const opened = await open(`${host}/x:1`)
    const ends = await Promise.all(opened.layers.map(layer => layer.walk(nothing)))

    expect(ends.map(end => end.problems.length)).toEqual([1, 0])
    expect(ends[0]?.problems[0]?.detail).toContain('does not have')
  })

  it.each<[string, (response: ServerResponse, bytes: Buffer) => void]>([
    ['longer', (response, bytes) => response.end(Buffer.concat([bytes, bytes]))],
    ['shorter', (response, bytes) => response.end(bytes.subarray(0, -20))],
    ['another', (response, bytes) => response.end(Buffer.alloc(bytes.length))],
  ])('reports a layer whose bytes are %s than its manifest says', async (_name, answer) => {
    const store = new Store()
    const layer = layerOf('some text')
    const image = store.image('amd64', [layer])
    const host = await serve(store, { '1': image.digest }, { [layer.digest]: answer })

    const opened = await open(`${host}/x:1`)
    const end = await opened.layers[0]?.walk(nothing)

    expect(end?.problems.length).toBeGreaterThan(0)
  })

  it('stops in the middle of a layer when told to', async () => {
    const store = new Store()
    const layer = layerOf('some text')
    const image = store.image('amd64', [layer])
    const controller = new AbortController()
    const reason = new Error('enough')
    const stall = (response: ServerResponse, bytes: Buffer) => {
      response.write(bytes.subarray(0, 20))
      setTimeout(() => controller.abort(reason), 20)
    }
    const host = await serve(store, { '1': image.digest }, { [layer.digest]: stall })

    const opened = await open(`${host}/x:1`)
    const pending = opened.layers[0]?.walk(nothing, controller.signal)

    await expect(pending).rejects.toBe(reason)
  })
})

const nothing = { entry: () => false, file: () => {} }
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'

interface Layer {
  readonly digest: string
  readonly diffId: string
  readonly bytes: Buffer
}

/** What a registry holds, by digest. */
class Store {
  readonly blobs = new Map<string, Buffer>()

  put(content: string | Buffer) {
    const bytes = Buffer.from(content)
    const digest = sha256(bytes)
    this.blobs.set(digest, bytes)
    return { digest, size: bytes.length }
  }

  image(architecture: string, layers: readonly Layer[]) {
    const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) }
    const config = this.put(JSON.stringify({ os: 'linux', architecture, rootfs }))
    for (const { bytes } of layers) this.put(bytes)
    const parts = layers.map(({ digest, bytes }) => ({
      ...{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: bytes.length },
    }))
    const described = { ...config, mediaType: 'application/vnd.oci.image.config.v1+json' }
    const text = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: described, layers: parts })
    return { ...this.put(text), mediaType: manifestType, config: config.digest }
  }

  index(manifests: readonly object[]) {
    return this.put(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
  }

  /** Puts a space at the end: still JSON, no longer the same. */
  damage(digest: string): void {
    this.blobs.set(digest, Buffer.concat([this.blobs.get(digest) ?? Buffer.alloc(0), Buffer.from(' ')]))
  }

  remove(digest: string): void {
    this.blobs.delete(digest)
  }
}

type BlobAnswer = (response: ServerResponse, bytes: Buffer) => void

async function serve(
  store: Store,
  tags: Readonly<Record<string, string>>,
  answers: Readonly<Record<string, BlobAnswer>> = {},
): Promise<string> {
  const server = createServer((request, response) => {
    const [kind = '', name = ''] = (request.url ?? '').split('/').slice(-2)
    const digest = tags[name] ?? name
    const bytes = store.blobs.get(digest)
    if (bytes === undefined) return void response.writeHead(404).end()
    if (kind === 'blobs' && answers[digest] !== undefined) return answers[digest](response, bytes)
    const type = kind === 'manifests' ? JSON.parse(bytes.toString()).mediaType : 'application/octet-stream'
    response.writeHead(200, { 'content-type': type }).end(bytes)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function open(name: string, more: Partial<OpenOptions> = {}) {
  return openRegistryImage(name, { temporary: folder, environment: {}, ...more })
}

function layerOf(text: string): Layer {
  writeFileSync(join(folder, 'file'), text)
  const tar = execFileSync('tar', ['-C', folder, '-cf', '-', 'file'])
  const bytes = execFileSync('gzip', ['-c'], { input: tar })
  return { digest: sha256(bytes), diffId: sha256(tar), bytes }
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { configOf, layerBytes, type WrittenImage, writeDockerArchive } from '#test/images/image-writer.ts'
import { type WrittenBlob, writeBlob, writeIndex, writeManifest } from '#test/images/oci-writer.ts'
import { type TarItem, tarBytes } from '#test/images/tar-writer.ts'
import { sluice } from '#test/support/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-shapes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const next = () => join(folder, `${++count}`)

function npm(name: string, version = '1.0.0'): TarItem {
  return { name: `node_modules/${name}/package.json`, body: JSON.stringify({ name, version }) }
}

const a: WrittenImage = { layers: [[npm('a')]], tags: ['shop/a:1'] }
const b: WrittenImage = { layers: [[npm('b')]], tags: ['shop/b:1'] }

/** Lists a target with nothing cached: exit code, package names, codes of problems, and what was said. */
async function see(target: string, more: readonly string[] = []) {
  const environment = { SLUICE_HOME: next() }
  const { code, stdout, stderr } = await sluice(['sbom', target, '-q', '-o', 'json', ...more], { environment })
  if (code === 2) return { code, stderr }
  const { packages, problems } = JSON.parse(stdout)
  const names: string[] = packages.map(({ name }: { name: string }) => name)
  const codes: string[] = [...new Set<string>(problems.map((problem: { code: string }) => problem.code))]
  return { code, names, codes }
}

/** A saved image with one member changed or, where that gives nothing, left out. */
function spoiled(name: RegExp, change: (body: Uint8Array) => Uint8Array | undefined): string {
  return writeDockerArchive(`${next()}.tar`, [a], item => {
    if (!name.test(String(item.name))) return [item]
    const body = change(typeof item.body === 'string' ? Buffer.from(item.body) : item.body!)
    return body === undefined ? [] : [{ ...item, body }]
  })
}

interface Storing {
  readonly type?: string
  readonly encode?: (bytes: Uint8Array) => Uint8Array
  /** What becomes of the stored bytes; undefined removes them. */
  readonly spoil?: (bytes: Uint8Array) => Uint8Array | undefined
  readonly urls?: readonly string[]
}

const tar = 'application/vnd.oci.image.layer.v1.tar'

function storeImage(layout: string, image: WrittenImage, storing: Storing = {}): WrittenBlob {
  const { type = tar, encode = bytes => bytes, spoil = bytes => bytes, urls } = storing
  const config = writeBlob(layout, 'application/vnd.oci.image.config.v1+json', Buffer.from(configOf(image)))
  const layers = layerBytes(image).map(bytes => {
    const blob = writeBlob(layout, type, encode(bytes))
    const path = join(layout, 'blobs/sha256', blob.digest.slice('sha256:'.length))
    const stored = spoil(readFileSync(path))
    if (stored === undefined) rmSync(path)
    else writeFileSync(path, stored)
    return urls === undefined ? blob : { ...blob, urls }
  })
  return writeManifest(layout, config, layers)
}

function layoutOf(storing: Storing): string {
  const layout = next()
  writeIndex(layout, [storeImage(layout, a, storing)])
  return layout
}

describe('shapes of images', () => {
  it('asks which of several images is meant', async () => {
    const archive = writeDockerArchive(`${next()}.tar`, [a, b])

    expect(await see(archive)).toMatchObject({ code: 2, stderr: expect.stringContaining('shop/a:1, shop/b:1') })
    expect(await see(`${archive}:shop/b:1`)).toEqual({ code: 0, names: ['b'], codes: [] })
    expect(await see(`${archive}:shop/c:1`)).toMatchObject({ code: 2 })
  })

  const half = (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1)
  const edited = (from: string, to: string) => (bytes: Uint8Array) =>
    Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1')

  it.each<readonly [string, () => string, readonly string[]]>([
    ['without its layer', () => spoiled(/layer\.tar$/, () => undefined), ['missing']],
    ['with another layer', () => spoiled(/layer\.tar$/, () => tarBytes([npm('z')])), ['digest-mismatch']],
    ['with a layer cut short', () => spoiled(/layer\.tar$/, bytes => bytes.slice(0, 600)), ['digest-mismatch']],
    ['with an empty layer', () => spoiled(/layer\.tar$/, () => new Uint8Array(0)), ['digest-mismatch']],
    ['with another configuration', () => spoiled(/[0-9a-f]{64}\.json$/, edited('linux', 'plan9')), ['digest-mismatch']],
    [
      'with fewer layers than its configuration',
      () => spoiled(/^manifest/, edited('"0-0/layer.tar"', '')),
      ['unreadable'],
    ],
    [
      'with a path out of the archive',
      () => spoiled(/^manifest/, edited('0-0/layer.tar', '../../etc/passwd')),
      ['missing'],
    ],
    ['as a layout without its layer', () => layoutOf({ spoil: () => undefined }), ['missing']],
    ['as a layout with changed bytes', () => layoutOf({ spoil: edited('1.0.0', '1.0.9') }), ['digest-mismatch']],
    ['with gzip cut short', () => layoutOf({ encode: gzipSync, spoil: bytes => bytes.slice(0, -9) }), ['truncated']],
    ['with zstd cut short', () => layoutOf({ encode: zstdCompressSync, spoil: half }), ['truncated']],
    ['with an encrypted layer', () => layoutOf({ type: `${tar}+gzip+encrypted`, encode: gzipSync }), ['encrypted']],
    [
      'with a layer that is elsewhere',
      () =>
        layoutOf({
          type: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
          urls: ['https://example.com/layer'],
          spoil: () => undefined,
        }),
      ['missing'],
    ],
    ['with a layer that is no archive', () => layoutOf({ encode: () => new Uint8Array(1000).fill(7) }), ['unreadable']],
    [
      'with a layer in bzip2',
      () => layoutOf({ encode: bytes => Buffer.concat([Buffer.from('BZh91AY&SY'), bytes]) }),
      ['unsupported'],
    ],
  ])('is incomplete %s', async (_title, target, codes) => {
    expect(await see(target())).toMatchObject({ code: 3, codes })
  })

  it.each<readonly [string, Storing]>([
    ['gzip that is zstd', { type: `${tar}+gzip`, encode: zstdCompressSync }],
    ['zstd that is gzip', { type: `${tar}+zstd`, encode: gzipSync }],
    ['plain that is gzip', { encode: gzipSync }],
    ['gzip that is plain', { type: `${tar}+gzip` }],
    [
      'not distributable and there',
      { type: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', encode: gzipSync },
    ],
  ])('reads layers called %s by what they are', async (_title, storing) => {
    expect(await see(layoutOf(storing))).toEqual({ code: 0, names: ['a'], codes: [] })
  })

  it('finds the platform in an index of indexes', async () => {
    const layout = next()
    const indexType = 'application/vnd.oci.image.index.v1+json'
    const index = (manifests: readonly object[]) =>
      writeBlob(layout, indexType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests })))
    const forPlatform = (image: WrittenImage, architecture: string) => {
      const manifest = storeImage(layout, { ...image, config: { architecture } })
      return index([{ ...manifest, platform: { os: 'linux', architecture } }])
    }
    writeIndex(layout, [index([forPlatform(a, 'amd64'), forPlatform(b, 'arm64')])])

    expect(await see(layout, ['--platform', 'linux/amd64'])).toEqual({ code: 0, names: ['a'], codes: [] })
    expect(await see(layout, ['--platform', 'linux/arm64'])).toEqual({ code: 0, names: ['b'], codes: [] })
    expect(await see(layout, ['--platform', 's390x'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('linux/arm64'),
    })
    expect(await see(layout, ['--platform', '!'])).toMatchObject({ code: 2 })
  })

  it('does not call an archive clean that has lost its end', async () => {
    const whole = readFileSync(writeDockerArchive(`${next()}.tar`, [a]))
    for (const bytes of [whole, gzipSync(whole)]) {
      for (const part of [0.1, 0.2, 0.5, 0.75, 0.9]) {
        const cut = `${next()}.tar`
        writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * part) - 100))
        expect([2, 3], `${part} of ${bytes.length}`).toContain((await see(cut)).code)
      }
    }
  })
})

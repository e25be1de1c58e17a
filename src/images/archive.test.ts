import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { imageSources } from '#images/index.ts'
import { convertToOci } from '#test/images/oci-writer.ts'
import { type TarItem, tarBytes } from '#test/images/tar-writer.ts'
import { lines, type Walked, walkAll } from '#test/images/walk.ts'
import { describeWith } from '#test/support/skips.ts'
import { openDocker, openOci } from './archive.ts'
import { open as openLayout } from './oci.ts'
import { openStream } from './stdin.ts'
import type { OpenOptions } from './types.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-archive-'))
const temporary = join(folder, 'temporary')
const options: OpenOptions = { temporary, environment: {} }
afterAll(() => rmSync(folder, { recursive: true }))

const layer = tarBytes([{ name: 'etc/os-release', body: 'ID=alpine\n' }])
const second = tarBytes([{ name: 'app', body: 'app' }, { name: 'etc/.wh.os-release' }])

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function configOf(layers: readonly Uint8Array[], more: object = {}): string {
  const diffIds = layers.map(bytes => `sha256:${sha256(bytes)}`)
  return JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds }, ...more })
}

const config = configOf([layer, second])
const configName = `${sha256(config)}.json`
const manifest = [{ Config: configName, RepoTags: ['shop/web:1'], Layers: ['one/layer.tar', 'two/layer.tar'] }]

const classic: readonly TarItem[] = [
  { name: 'one/', type: '5' },
  { name: 'one/layer.tar', body: layer },
  { name: 'two/', type: '5' },
  { name: 'two/layer.tar', body: second },
  { name: configName, body: config },
  { name: 'manifest.json', body: JSON.stringify(manifest) },
]

let count = 0
function write(items: readonly TarItem[], transform: (bytes: Uint8Array) => Uint8Array = bytes => bytes): string {
  const path = join(folder, `archive-${++count}.tar`)
  writeFileSync(path, transform(tarBytes(items)))
  return path
}

async function schemeFor(name: string): Promise<string | undefined> {
  for (const source of imageSources) if (await source.detects(name)) return source.id
  return undefined
}

describe('images/archive', () => {
  it.each([
    ['as it is', (bytes: Uint8Array) => bytes],
    ['gzip', (bytes: Uint8Array) => gzipSync(bytes)],
    ['zstd', (bytes: Uint8Array) => zstdCompressSync(bytes)],
  ])('opens a classic archive, %s', async (_title, transform) => {
    const path = write(classic, transform)

    const opened = await openDocker(path, options)
    const walked = await Promise.all(opened.layers.map(item => walkAll(item)))

    expect(await schemeFor(path)).toBe('docker-archive')
    expect(opened.target).toEqual({ scheme: 'docker-archive', name: path, kind: 'image' })
    expect(opened.image).toMatchObject({ id: `sha256:${sha256(config)}`, digest: undefined, tags: ['shop/web:1'] })
    expect(walked.flatMap(lines)).toEqual(['file etc/os-release', 'file app', 'whiteout etc/os-release'])
    expect(walked.map(({ diffId }) => diffId)).toEqual(opened.layers.map(({ diffId }) => diffId))
    expect([...opened.problems, ...walked.flatMap(({ problems }) => problems)]).toEqual([])
    await opened.close()
  })

  it('leaves nothing behind in the temporary folder', () => {
    expect(readdirSync(temporary)).toEqual([])
  })

  it('follows the links that stand for equal layers', async () => {
    const items = classic.map(item =>
      item.name === 'two/layer.tar' ? { name: 'two/layer.tar', type: '2', linkName: '../one/layer.tar' } : item,
    )
    const loop = classic.map(item =>
      item.name === 'two/layer.tar' ? { name: 'two/layer.tar', type: '2', linkName: 'layer.tar' } : item,
    )

    const opened = await openDocker(write(items), options)
    const looping = await openDocker(write(loop), options)

    const linked = await walkAll(opened.layers[1]!)
    expect(lines(linked)).toEqual(['file etc/os-release'])
    expect(linked.problems).toMatchObject([{ code: 'digest-mismatch' }])
    expect((await walkAll(looping.layers[1]!)).problems).toMatchObject([{ code: 'missing' }])
  })

  it('reports layers that are missing or cut, and documents that are not what they say', async () => {
    const missing = await openDocker(write(classic.filter(({ name }) => name !== 'one/layer.tar')), options)
    const changed = await openDocker(
      write(classic.map(item => (item.name === configName ? { ...item, body: `${config} ` } : item))),
      options,
    )
    const fewer = await openDocker(
      write([
        ...classic.slice(0, 4),
        { name: 'c.json', body: configOf([layer]) },
        { name: 'manifest.json', body: JSON.stringify([{ ...manifest[0], Config: 'c.json' }]) },
      ]),
      options,
    )

    expect((await walkAll(missing.layers[0]!)).problems).toMatchObject([{ code: 'missing' }])
    expect((await walkAll(missing.layers[1]!)).problems).toEqual([])
    expect(changed.problems).toMatchObject([{ code: 'digest-mismatch' }])
    expect(fewer.problems).toMatchObject([{ code: 'unreadable' }])
    expect(fewer.layers[1]?.diffId).toBeUndefined()
  })

  it('chooses by tag or id among several images, and asks where nothing was chosen', async () => {
    const other = configOf([second])
    const images = [
      ...manifest,
      { Config: `${sha256(other)}.json`, RepoTags: ['nginx:latest'], Layers: ['two/layer.tar'] },
    ]
    const items = [...classic.slice(0, 5), { name: `${sha256(other)}.json`, body: other }]
    const path = write([...items, { name: 'manifest.json', body: JSON.stringify(images) }])

    for (const choice of [
      'nginx',
      'docker.io/library/nginx:latest',
      sha256(other).slice(0, 12),
      `sha256:${sha256(other)}`,
    ]) {
      expect((await openDocker(`${path}:${choice}`, options)).image?.id).toBe(`sha256:${sha256(other)}`)
    }
    await expect(openDocker(path, options)).rejects.toMatchObject({
      code: 'image/ambiguous',
      hint: expect.stringContaining('shop/web:1, nginx:latest'),
    })
    await expect(openDocker(`${path}:redis`, options)).rejects.toMatchObject({ code: 'image/no-tag' })
  })

  it.each([
    ['nothing of that name', () => join(folder, 'nothing'), 'image/not-found'],
    ['a directory', () => folder, 'image/not-an-image'],
    ['text', () => write([], () => new TextEncoder().encode('text '.repeat(300))), 'image/not-an-image'],
    ['an empty file', () => write([], () => new Uint8Array(0)), 'image/not-an-image'],
    ['a tar of other things', () => write([{ name: 'etc/passwd', body: 'x' }]), 'image/not-an-image'],
    ['xz', () => write([], () => Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)), 'image/not-an-image'],
    ['a manifest that is no JSON', () => write([{ name: 'manifest.json', body: '[' }]), 'image/damaged'],
    ['a manifest without images', () => write([{ name: 'manifest.json', body: '[]' }]), 'image/damaged'],
    [
      'a configuration that is not there',
      () => write([{ name: 'manifest.json', body: '[{"Config":"x"}]' }]),
      'image/damaged',
    ],
  ])('fails on %s', async (_title, name, code) => {
    await expect(openDocker(name(), options)).rejects.toMatchObject({ code })
    expect(readdirSync(temporary)).toEqual([])
  })

  it('never fails otherwise on an archive cut anywhere', async () => {
    const bytes = tarBytes(classic)

    for (let length = 0; length < bytes.length; length += 256) {
      const path = write([], () => bytes.subarray(0, length))
      const opened = await openDocker(path, options).catch(error => error)
      if ('layers' in opened) for (const item of opened.layers) await walkAll(item)
      else expect(opened.code).toMatch(/^image\//)
    }
  })

  it('refuses an image that is for another platform than was asked for', async () => {
    const wanted = { ...options, platform: 'linux/arm64' }

    await expect(openDocker(write(classic), wanted)).rejects.toMatchObject({ code: 'image/no-platform' })
    expect((await openDocker(write(classic), { ...options, platform: 'linux/x86_64' })).image?.platform).toEqual({
      os: 'linux',
      architecture: 'amd64',
    })
  })

  it('reads an archive from a stream', async () => {
    const opened = await openStream(createReadStream(write(classic, gzipSync)), '-', options)

    expect(opened.target).toMatchObject({ scheme: 'docker-archive', name: '-' })
    expect(lines(await walkAll(opened.layers[0]!))).toEqual(['file etc/os-release'])
    await opened.close()
  })

  it('opens the OCI-shaped archive of Docker 25 either way', async () => {
    const blob = (bytes: Uint8Array | string) => ({ name: `blobs/sha256/${sha256(bytes)}`, body: bytes })
    const ref = (bytes: Uint8Array | string, mediaType: string) => ({
      mediaType,
      digest: `sha256:${sha256(bytes)}`,
      size: bytes.length,
    })
    const packed = gzipSync(second)
    const ociManifest = JSON.stringify({
      schemaVersion: 2,
      config: ref(config, 'application/vnd.oci.image.config.v1+json'),
      layers: [
        ref(layer, 'application/vnd.oci.image.layer.v1.tar'),
        ref(packed, 'application/vnd.oci.image.layer.v1.tar+gzip'),
      ],
    })
    const index = { manifests: [{ ...ref(ociManifest, 'application/vnd.oci.image.manifest.v1+json') }] }
    const saved = [
      { Config: blob(config).name, RepoTags: ['shop/web:1'], Layers: [blob(layer).name, blob(packed).name] },
    ]
    const path = write([
      ...[layer, packed, config, ociManifest].map(blob),
      { name: 'index.json', body: JSON.stringify(index) },
      { name: 'manifest.json', body: JSON.stringify(saved) },
      { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
    ])

    const docker = await openDocker(path, options)
    const oci = await openOci(path, options)

    expect([docker.target.scheme, oci.target.scheme]).toEqual(['docker-archive', 'oci-archive'])
    expect(oci.image).toMatchObject({ id: docker.image?.id, digest: `sha256:${sha256(ociManifest)}` })
    for (const { layers, problems } of [docker, oci]) {
      const walked = await Promise.all(layers.map(item => walkAll(item)))
      expect([...problems, ...walked.flatMap(item => item.problems)]).toEqual([])
      expect(walked.flatMap(lines)).toEqual(['file etc/os-release', 'file app', 'whiteout etc/os-release'])
    }
  })
})

const engine = engineImage()

/** What a walk shows, whatever the layer is compressed with. */
function shown({ entries, hashes, problems }: Walked) {
  return { entries, hashes, problems }
}

describeWith('a container engine with an image', engine !== undefined)('images/archive beside docker save', () => {
  it('finds the same image, layers and files in the archive and in OCI layouts made of it', async () => {
    const path = join(folder, 'saved.tar')
    const saved = join(folder, 'saved')
    mkdirSync(saved)
    execFileSync('docker', ['save', '-o', path, engine!])
    execFileSync('tar', ['-xf', path, '-C', saved])
    const layers = (JSON.parse(readFileSync(join(saved, 'manifest.json'), 'utf8')) as [{ Layers: string[] }])[0].Layers
    const inspected = execFileSync('docker', ['inspect', '--format', '{{.Id}} {{json .RootFS.Layers}}', engine!], {
      encoding: 'utf8',
    })

    const opened = await openDocker(path, options)
    const walked = await Promise.all(opened.layers.map(item => walkAll(item)))

    expect(`${opened.image?.id} ${JSON.stringify(walked.map(({ diffId }) => diffId))}\n`).toBe(inspected)
    for (const [index, item] of walked.entries()) {
      const listed = execFileSync('tar', ['-tf', join(saved, layers[index]!), '--quoting-style=literal'], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      })
      const names = listed
        .trimEnd()
        .split('\n')
        .filter(name => name !== './')
      expect(item.entries.length).toBe(names.length)
      expect(item.problems).toEqual([])
    }
    for (const compression of ['none', 'gzip', 'zstd'] as const) {
      const layout = join(folder, `layout-${compression}`)
      await convertToOci(saved, layout, compression)
      const oci = await openLayout(layout, options)
      const same = await Promise.all(oci.layers.map(item => walkAll(item)))
      expect(oci.image?.id).toBe(opened.image?.id)
      expect(same.map(shown)).toEqual(walked.map(shown))
      await oci.close()
    }
    await opened.close()
  })
})

/** The smallest image that the engine has. */
function engineImage(): string | undefined {
  try {
    const format = ['images', '--format', '{{.Repository}}:{{.Tag}}']
    const images = execFileSync('docker', format, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
    const named = images.filter(name => name !== '' && !name.includes('<none>'))
    const sizes = named.map(name => {
      const size = execFileSync('docker', ['inspect', '--format', '{{.Size}}', name], { encoding: 'utf8' })
      return { name, size: Number(size) }
    })
    return sizes.filter(({ size }) => size > 2 ** 22).sort((a, b) => a.size - b.size)[0]?.name
  } catch {
    return undefined
  }
}

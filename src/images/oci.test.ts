import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { type WrittenBlob, writeBlob, writeIndex, writeManifest } from '#test/images/oci-writer.ts'
import { tarBytes } from '#test/images/tar-writer.ts'
import { lines, walkAll } from '#test/images/walk.ts'
import { isLayout, open } from './oci.ts'
import type { OpenOptions } from './types.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-oci-'))
const options: OpenOptions = { temporary: join(folder, 'temporary'), environment: {} }
afterAll(() => rmSync(folder, { recursive: true }))

const indexType = 'application/vnd.oci.image.index.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const refName = 'org.opencontainers.image.ref.name'

let count = 0
function layout(): string {
  return join(folder, `layout-${++count}`)
}

/** An image whose only file is named after it. */
function image(path: string, title: string, layers?: (layer: WrittenBlob) => readonly object[]): WrittenBlob {
  const tar = tarBytes([{ name: title, body: title }])
  const layer = writeBlob(path, layerType, gzipSync(tar))
  const [os, architecture, variant] = title.split('-')
  const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`
  const config = { os, architecture, variant, rootfs: { type: 'layers', diff_ids: [diffId] } }
  const written = writeBlob(path, 'application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(config)))
  return writeManifest(path, written, layers?.(layer) ?? [layer])
}

function placed(path: string, title: string): object {
  const [os, architecture, variant] = title.split('-')
  return { ...image(path, title), platform: { os, architecture, variant } }
}

async function fileOf(name: string, more: Partial<OpenOptions> = {}): Promise<string | undefined> {
  const opened = await open(name, { ...options, ...more })
  const walked = await walkAll(opened.layers[0]!)
  await opened.close()
  return lines(walked)[0]
}

describe('images/oci', () => {
  it('opens the only image of a layout', async () => {
    const path = layout()
    const manifest = image(path, 'linux-riscv64')
    writeIndex(path, [manifest])

    const opened = await open(path, options)

    expect(await isLayout(path)).toBe(true)
    expect(opened.image).toMatchObject({ digest: manifest.digest, platform: { os: 'linux', architecture: 'riscv64' } })
    expect((await walkAll(opened.layers[0]!)).problems).toEqual([])
    expect(opened.problems).toEqual([])
    await opened.close()
  })

  it('chooses by platform through indexes in indexes, and passes over attestations', async () => {
    const path = layout()
    const inner = {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [
        { ...image(path, 'unknown-unknown'), platform: { os: 'unknown', architecture: 'unknown' } },
        placed(path, 'windows-amd64'),
        placed(path, 'linux-arm-v6'),
        placed(path, 'linux-arm-v7'),
        placed(path, 'linux-arm64-v8'),
        placed(path, 'linux-amd64'),
        placed(path, 'linux-s390x'),
      ],
    }
    writeIndex(path, [writeBlob(path, indexType, Buffer.from(JSON.stringify(inner)))])

    for (const [platform, file] of [
      ['linux/arm64', 'linux-arm64-v8'],
      ['linux/aarch64', 'linux-arm64-v8'],
      ['linux/arm64/v8', 'linux-arm64-v8'],
      ['linux/arm', 'linux-arm-v7'],
      ['linux/arm/v6', 'linux-arm-v6'],
      ['windows/amd64', 'windows-amd64'],
      ['amd64', 'linux-amd64'],
    ] as const) {
      expect(await fileOf(path, { platform })).toBe(`file ${file}`)
    }
    await expect(open(path, { ...options, platform: 'linux/mips' })).rejects.toMatchObject({
      code: 'image/no-platform',
      hint: expect.stringContaining('linux/arm/v6'),
    })
    await expect(open(path, { ...options, platform: 'what is this' })).rejects.toMatchObject({ code: 'image/platform' })
  })

  it('takes the first platform where none was asked for and the machine has none', async () => {
    const path = layout()
    writeIndex(path, [placed(path, 'plan9-amd64'), placed(path, 'aix-ppc64')])

    expect(await fileOf(path)).toBe('file plan9-amd64')
  })

  it('chooses by tag and digest', async () => {
    const path = layout()
    const one = image(path, 'linux-one')
    const two = image(path, 'linux-two')
    const full = { 'io.containerd.image.name': 'docker.io/library/two:2.0', [refName]: '2.0' }
    writeIndex(path, [
      { ...one, annotations: { [refName]: '1.0' } },
      { ...two, annotations: full },
    ])

    expect(await fileOf(`${path}:1.0`)).toBe('file linux-one')
    expect(await fileOf(`${path}:2.0`)).toBe('file linux-two')
    expect(await fileOf(`${path}:docker.io/library/two:2.0`)).toBe('file linux-two')
    expect(await fileOf(`${path}@${two.digest}`)).toBe('file linux-two')
    await expect(open(path, options)).rejects.toMatchObject({ code: 'image/ambiguous' })
    await expect(open(`${path}:3.0`, options)).rejects.toMatchObject({ code: 'image/no-tag' })
  })

  it('reports changed documents and layers, missing, foreign and encrypted layers', async () => {
    const path = layout()
    const foreign = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      digest: `sha256:${'1'.repeat(64)}`,
      size: 5,
      urls: ['https://example.com/layer'],
    }
    const manifest = image(path, 'linux-amd64', layer => [
      layer,
      foreign,
      { ...layer, mediaType: `${layerType}+encrypted` },
    ])
    writeIndex(path, [manifest])
    const file = join(path, 'blobs', manifest.digest.replace(':', '/'))
    const { readFileSync } = await import('node:fs')
    const document = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...document, changed: true }))
    writeFileSync(
      join(path, 'blobs', document.layers[0].digest.replace(':', '/')),
      gzipSync(tarBytes([{ name: 'evil' }])),
    )

    const opened = await open(path, options)
    const walked = await Promise.all(opened.layers.map(layer => walkAll(layer)))

    expect(opened.problems.map(({ code }) => code)).toEqual(['digest-mismatch', 'unreadable'])
    expect(walked.map(({ problems }) => problems.map(({ code }) => code))).toEqual([
      ['digest-mismatch'],
      ['missing'],
      ['encrypted'],
    ])
    await opened.close()
  })

  it.each([
    [
      'an index in itself',
      (path: string) => {
        const loop = { mediaType: indexType, digest: `sha256:${'2'.repeat(64)}`, size: 2 }
        writeBlob(path, indexType, Buffer.from('{}'))
        writeFileSync(join(path, 'blobs/sha256', '2'.repeat(64)), JSON.stringify({ manifests: [loop] }))
        writeIndex(path, [loop])
      },
      'image/damaged',
    ],
    [
      'an index that calls itself a manifest',
      (path: string) => {
        const loop = { digest: `sha256:${'3'.repeat(64)}`, size: 2 }
        writeBlob(path, indexType, Buffer.from('{}'))
        writeFileSync(join(path, 'blobs/sha256', '3'.repeat(64)), JSON.stringify({ manifests: [loop] }))
        writeIndex(path, [loop])
      },
      'image/damaged',
    ],
    ['no images', (path: string) => writeIndex(path, []), 'image/damaged'],
    [
      'a manifest that is not there',
      (path: string) => writeIndex(path, [{ digest: `sha256:${'4'.repeat(64)}` }]),
      'image/damaged',
    ],
    [
      'a digest with a path in it',
      (path: string) => writeIndex(path, [{ digest: 'sha256:../../../etc/passwd' }]),
      'image/damaged',
    ],
    [
      'a manifest of schema 1',
      (path: string) => {
        writeIndex(path, [writeBlob(path, 'x', Buffer.from('{"schemaVersion":1,"fsLayers":[]}'))])
      },
      'image/schema1',
    ],
    [
      'a chart',
      (path: string) => {
        const config = writeBlob(path, 'application/vnd.cncf.helm.config.v1+json', Buffer.from('{}'))
        writeIndex(path, [writeManifest(path, config, [])])
      },
      'image/not-an-image',
    ],
    [
      'a configuration that is no JSON',
      (path: string) => {
        writeIndex(path, [writeManifest(path, writeBlob(path, 'x', Buffer.from('{')), [])])
      },
      'image/damaged',
    ],
  ])('fails on %s', async (_title, write, code) => {
    const path = layout()
    write(path)

    await expect(open(path, options)).rejects.toMatchObject({ code })
  })
})

import { readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { writeZip, type ZipMember } from '#test/ecosystems/zip-writer.ts'
import { configOf, writeDockerArchive } from '#test/images/image-writer.ts'
import { joined, paxItem, type TarItem, tarBytes, tarHeader } from '#test/images/tar-writer.ts'
import { deflateBomb, gzipBomb, writeCrowd, zstdBomb } from './bomb-writer.ts'
import { list, openCage } from './cage.ts'
import { diffIdOf, writeLayout } from './layouts.ts'
import { zipQuine } from './zip-quine.ts'

const cage = openCage('bombs')
afterAll(() => cage.close())

const gigabyte = 2 ** 30
const npm = (name: string): TarItem => ({
  name: `node_modules/${name}/package.json`,
  body: JSON.stringify({ name, version: '1.0.0' }),
})
const sound = { stored: tarBytes([npm('sound')]), diffId: diffIdOf(tarBytes([npm('sound')])) }
const layerOf = (stored: Uint8Array) => ({ stored, diffId: `sha256:${'0'.repeat(64)}` })

/** The header of a member of ten gigabytes. */
function hugeMember(name: string): Uint8Array {
  return joined([tarBytes([paxItem([['size', String(10 * gigabyte)]])], { end: false }), tarHeader({ name })])
}

const jar = (members: readonly ZipMember[]) => writeZip(members)
const imageOf = (name: string, body: Uint8Array) =>
  writeDockerArchive(cage.next('.tar'), [{ layers: [[npm('sound'), { name, body }]] }])

/** A jar in a jar, so many times. */
function nested(depth: number, inner: Uint8Array): Uint8Array {
  let content = inner
  for (let level = 0; level < depth; level++) content = jar([{ name: `${level}.jar`, content, deflate: true }])
  return content
}

/** Jars of jars: `width` to the power of `depth` of them in some kilobytes. */
function tree(depth: number, width: number): Uint8Array {
  let content: Uint8Array = jar([
    { name: 'META-INF/MANIFEST.MF', content: 'Implementation-Title: x\nImplementation-Version: 1\n' },
  ])
  for (let level = 0; level < depth; level++) {
    content = jar(Array.from({ length: width }, (_, at) => ({ name: `${at}.jar`, content, deflate: true })))
  }
  return content
}

/** A jar whose members are `copies` names for one member: its bytes are read for each. */
function overlapping(copies: number, inner: Uint8Array): Uint8Array {
  const first = { name: 'a.jar', content: inner, deflate: true }
  const others = Array.from({ length: copies }, () => ({
    name: 'a.jar',
    content: '',
    announcedOffset: 0,
    announcedSize: inner.length,
    announcedPackedSize: deflateRawSync(inner).length,
    method: 8,
  }))
  return jar([first, ...others])
}

/** A zip64 jar with a number of eight bytes changed, so far before its end. */
function lied(beforeEnd: number, value: bigint): Uint8Array {
  const bytes = Buffer.from(writeZip([{ name: 'META-INF/MANIFEST.MF', content: 'x' }], { zip64: true }))
  bytes.writeBigUInt64LE(value, bytes.length - beforeEnd)
  return new Uint8Array(bytes)
}

/** A jar with a member of raw deflate data that announces the size given. */
function deflated(name: string, data: Uint8Array, announcedSize: number): Uint8Array {
  return writeZip([{ name, content: data, method: 8, announcedSize }], { zip64: true })
}

describe('bombs', () => {
  it.each<readonly [string, (head: Uint8Array, size: number) => Uint8Array, readonly (string | undefined)[]]>([
    ['gzip', gzipBomb, ['node_modules/huge/package.json', 'app.jar']],
    ['zstd', zstdBomb, ['var/lib/dpkg/status', undefined]],
  ])('of ten gigabytes in a layer of %s do not go off', async (_encoding, bomb, names) => {
    for (const name of [...names, undefined]) {
      const head =
        name === undefined
          ? tarBytes([npm('first')])
          : joined([tarBytes([npm('first')], { end: false }), hugeMember(name)])
      const seen = await list(cage, writeLayout(cage.next(), [sound, layerOf(bomb(head, 10 * gigabyte))]))

      expect([name, seen.code]).toEqual([name, 3])
      expect(seen.names, name).toEqual(expect.arrayContaining(['sound']))
      expect(seen.codes, name).toEqual(expect.arrayContaining(['limit']))
    }
  })

  it.each([
    ['gzip of zeros', gzipBomb, 0],
    ['gzip of a letter', gzipBomb, 0x61],
    ['zstd of zeros', zstdBomb, 0],
    ['zstd of a letter', zstdBomb, 0x61],
  ])('of ten gigabytes around an archive do not go off: %s', async (_title, bomb, filler) => {
    const path = cage.next('.tar')
    const layer = tarBytes([npm('first')])
    const config = configOf({ layers: [layer] })
    const manifest = JSON.stringify([{ Config: 'config.json', RepoTags: [], Layers: ['0/layer.tar'] }])
    const documents: readonly TarItem[] = [
      { name: 'manifest.json', body: manifest },
      { name: 'config.json', body: config },
      { name: '0/layer.tar', body: layer },
    ]
    const head = joined([tarBytes(documents, { end: false }), hugeMember('1/layer.tar')])
    writeFileSync(path, bomb(head, 10 * gigabyte, filler))

    expect(await list(cage, path)).toMatchObject({
      code: 3,
      names: ['first'],
      codes: expect.arrayContaining(['limit']),
    })
  })

  it.each<readonly [string, () => Uint8Array, string]>([
    ['jars in jars', () => nested(40, jar([{ name: 'a.txt', content: 'x' }])), 'limit'],
    [
      'ten gigabytes in a jar',
      () => deflated('META-INF/MANIFEST.MF', deflateBomb(10 * gigabyte), 10 * gigabyte),
      'limit',
    ],
    [
      'ten gigabytes that say they are few',
      () => deflated('META-INF/MANIFEST.MF', deflateBomb(10 * gigabyte), 100),
      'limit',
    ],
    ['ten gigabytes of a jar in a jar', () => deflated('a.jar', deflateBomb(10 * gigabyte), 10 * gigabyte), 'limit'],
    ['a gigabyte of a jar in jars', () => nested(3, deflated('a.jar', deflateBomb(gigabyte), gigabyte)), 'limit'],
    ['a million jars in jars', () => tree(6, 10), 'limit'],
    ['a jar that holds itself', () => zipQuine('a.jar'), 'limit'],
    [
      'a jar that holds itself, in a jar that holds it a thousand times',
      () => jar(Array.from({ length: 1000 }, (_, at) => ({ name: `${at}.jar`, content: zipQuine('a.jar') }))),
      'limit',
    ],
    // Names that share bytes, and places that are not there, are damage: who unpacks by the local headers sees others.
    [
      'one jar under ten thousand names',
      () => overlapping(20_000, jar([{ name: 'b', content: new Uint8Array(2 ** 20), deflate: true }])),
      'unreadable',
    ],
    [
      'more members than there are',
      () => writeZip([{ name: 'a' }], { zip64: true, announcedEntries: 2 ** 40 }),
      'limit',
    ],
    [
      'sizes beyond the file',
      () =>
        writeZip(
          [{ name: 'META-INF/MANIFEST.MF', content: 'x', announcedSize: 2 ** 50, announcedPackedSize: 2 ** 50 }],
          { zip64: true },
        ),
      'limit',
    ],
    [
      'places beyond the file',
      () => writeZip([{ name: 'META-INF/MANIFEST.MF', content: 'x', announcedOffset: 2 ** 52 }], { zip64: true }),
      'unreadable',
    ],
    ['members of encrypted data', () => jar([{ name: 'a.jar', content: 'x', encrypted: true }]), 'encrypted'],
    ['names that climb out', () => jar([{ name: '../../../../etc/a.jar', content: 'no jar' }]), 'unreadable'],
    ['a zip64 directory that lies beyond the file', () => lied(98 - 48, 2n ** 62n), 'truncated'],
    ['a zip64 directory of exabytes', () => lied(98 - 40, 2n ** 62n), 'truncated'],
    ['a zip64 count that no number holds', () => lied(98 - 32, 2n ** 64n - 1n), 'limit'],
  ])('in jars do not go off: %s', async (_title, body, code) => {
    const seen = await list(cage, imageOf('opt/app.jar', body()))

    expect([seen.code, seen.names]).toEqual([3, expect.arrayContaining(['sound'])])
    expect(seen.codes).toContain(code)
  })

  it('of five million empty files do not go off', async () => {
    const crowd = cage.next()
    await writeCrowd(crowd, 1_200_000, 5)

    const seen = await list(cage, writeLayout(cage.next(), [sound, layerOf(readFileSync(crowd))]))

    expect(seen).toMatchObject({ code: 3, names: ['sound'], codes: expect.arrayContaining(['limit']) })
  })

  it('of as many empty files as are allowed are read whole', async () => {
    const crowd = cage.next()
    await writeCrowd(crowd, 950_000, 1)

    const seen = await list(cage, writeLayout(cage.next(), [sound, layerOf(readFileSync(crowd))]))

    // The checksum and the diffID are not the true ones.
    expect(seen).toMatchObject({ code: 3, names: ['sound'] })
    expect(seen.codes).not.toContain('limit')
  })

  it('of ten thousand layers do not go off, be they one or many', async () => {
    const same = Array.from({ length: 10_000 }, () => [npm('x')])
    const many = Array.from({ length: 10_000 }, (_, at) => [npm(`x${at}`)])
    for (const layers of [same, many]) {
      const seen = await list(cage, writeDockerArchive(cage.next('.tar'), [{ layers }]))

      expect(seen.code).toBeGreaterThan(1)
      if (seen.code === 3) expect(seen.codes).toContain('limit')
      else expect(seen.stderr).toContain('layers')
    }
  })

  it.each<readonly [string, (layers: readonly (readonly TarItem[])[]) => string]>([
    ['plain', layers => writeDockerArchive(cage.next('.tar'), [{ layers }])],
    [
      'compressed',
      layers => {
        const stored = layers.map(items => tarBytes(items))
        return writeLayout(
          cage.next(),
          stored.map(bytes => ({ stored: gzipSync(bytes), diffId: diffIdOf(bytes) })),
        )
      },
    ],
  ])('of a thousand layers with a hundred packages each are read whole: %s', async (_title, write) => {
    const layers = Array.from({ length: 1000 }, (_, at) => Array.from({ length: 100 }, (_x, of) => npm(`x${at}-${of}`)))
    const target = write(layers)

    for (const format of ['json', 'cyclonedx']) {
      const { code, stdout } = await cage.probe(['sbom', target, '-q', '-o', format])
      const document = JSON.parse(stdout)

      expect([format, code, (document.packages ?? document.components).length]).toEqual([format, 0, 100_000])
    }
  })

  it('of a configuration with very many layers do not go off', async () => {
    const image = { layers: [[npm('x')]], config: { rootfs: { diff_ids: new Array(200_000).fill(sound.diffId) } } }
    expect(configOf(image).length).toBeGreaterThan(10 * 2 ** 20)

    expect((await list(cage, writeDockerArchive(cage.next('.tar'), [image]))).code).toBeGreaterThan(1)
  })
})

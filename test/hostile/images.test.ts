import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type WrittenImage, writeDockerArchive } from '#test/images/image-writer.ts'
import { type WrittenBlob, writeBlob, writeIndex } from '#test/images/oci-writer.ts'
import { type TarItem, tarBytes } from '#test/images/tar-writer.ts'
import { list, openCage } from './cage.ts'
import { diffIdOf, type LayoutLies, replaceBlob, writeLayout } from './layouts.ts'

const cage = openCage('images')
afterAll(() => cage.close())

const npm = (name: string): TarItem => ({
  name: `node_modules/${name}/package.json`,
  body: JSON.stringify({ name, version: '1.0.0' }),
})
const layer = tarBytes([npm('sound')])
const layers = [{ stored: layer, diffId: diffIdOf(layer) }]
const layout = (lies: LayoutLies = {}) => writeLayout(cage.next(), layers, lies)
const indexType = 'application/vnd.oci.image.index.v1+json'

/** An archive of the host that holds a package which no report may name. */
const hostArchive = join(dirname(cage.secret), 'host.tar')
writeFileSync(hostArchive, tarBytes([{ name: 'node_modules/s/package.json', body: readFileSync(cage.secret) }]))

/** A path that leads from a folder to a file of the host. */
const outOf = (folder: string, file = hostArchive) => relative(folder, file)

/** A layout whose manifest is other bytes under the same digest. */
function withManifest(change: (manifest: { layers: WrittenBlob[]; config: WrittenBlob }) => void): string {
  let digest = ''
  const path = layout({
    manifest: blob => {
      digest = blob.digest
      return blob
    },
  })
  const manifest = JSON.parse(readFileSync(join(path, 'blobs/sha256', digest.slice(7)), 'utf8'))
  change(manifest)
  const written = writeBlob(path, 'application/vnd.oci.image.manifest.v1+json', Buffer.from(JSON.stringify(manifest)))
  writeIndex(path, [written])
  return path
}

/** A layout in which an index leads to itself, or to another that leads back. */
function looping(length: number): string {
  const path = layout()
  const blobs = Array.from({ length }, (_, at) => writeBlob(path, indexType, Buffer.from(`{"loop":${at}}`)))
  for (const [at, { digest }] of blobs.entries()) {
    const next = blobs[(at + 1) % length]!
    replaceBlob(
      path,
      digest,
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [next] })),
    )
  }
  writeIndex(path, [blobs[0]!])
  return path
}

/** A layout of indexes in indexes, each under its true digest. */
function nested(depth: number, width: number): string {
  const path = layout()
  let inner: WrittenBlob = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')).manifests[0]
  for (let level = 0; level < depth; level++) {
    const manifests = new Array(width).fill(inner)
    inner = writeBlob(
      path,
      indexType,
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests })),
    )
  }
  writeIndex(path, [inner])
  return path
}

describe('hostile images', () => {
  it.each<readonly [string, () => string]>([
    ['an index that leads to itself', () => looping(1)],
    ['indexes in a circle', () => looping(3)],
    ['indexes in indexes without end', () => nested(1000, 1)],
    ['indexes that double at every step', () => nested(60, 2)],
    [
      'a manifest that leads out by its digest',
      () => layout({ manifest: blob => ({ ...blob, digest: `sha256:../../../${outOf('x')}` }) }),
    ],
    ['a manifest without a digest', () => layout({ manifest: ({ digest: _, ...blob }) => blob })],
    [
      'a manifest whose digest is a prototype',
      () => layout({ manifest: blob => ({ ...blob, digest: '__proto__:constructor' }) }),
    ],
    [
      'a configuration that leads out by its digest',
      () =>
        withManifest(({ config }) =>
          Object.assign(config, { digest: `sha256:../../${outOf(cage.next(), cage.secret)}` }),
        ),
    ],
    [
      'a configuration in a file of the host',
      () => withManifest(({ config }) => Object.assign(config, { digest: `sha256:${cage.secret}` })),
    ],
    ['no layers for its configuration', () => withManifest(manifest => manifest.layers.splice(0))],
    [
      'a manifest of an object for its layers',
      () => withManifest(manifest => Object.assign(manifest, { layers: { length: 2 ** 31 } })),
    ],
    [
      'a layer that leads out by its digest',
      () => withManifest(({ layers: [first] }) => Object.assign(first!, { digest: `sha256:../../../${outOf('x')}` })),
    ],
    [
      'a layer in a file of the host',
      () => withManifest(({ layers: [first] }) => Object.assign(first!, { digest: `sha256:${hostArchive}` })),
    ],
  ])('are refused or told of: %s', async (_title, target) => {
    const seen = await list(cage, target())

    expect([seen.code, seen.names]).toEqual([expect.any(Number), []])
    expect(seen.code === 2 ? seen.stderr : seen.codes.join()).not.toBe('')
    expect([2, 3]).toContain(seen.code)
  })

  it.each<readonly [string, () => string, readonly string[]]>([
    [
      'a layer of another size',
      () => withManifest(({ layers: [first] }) => Object.assign(first!, { size: 10 })),
      ['digest-mismatch'],
    ],
    [
      'a layer of a petabyte',
      () => withManifest(({ layers: [first] }) => Object.assign(first!, { size: 2 ** 50 })),
      ['digest-mismatch'],
    ],
  ])('are told of: %s', async (_title, target, codes) => {
    expect(await list(cage, target())).toMatchObject({ code: 3, codes: expect.arrayContaining([...codes]) })
  })

  it.each<readonly [string, (path: string, digest: string) => void]>([
    ['a layer', (path, digest) => link(join(path, 'blobs/sha256', digest.slice(7)), hostArchive)],
    [
      'a layer, through links in a row',
      (path, digest) => {
        symlinkSync(hostArchive, join(path, 'hop'))
        link(join(path, 'blobs/sha256', digest.slice(7)), '../../hop')
      },
    ],
    [
      'all blobs',
      path => {
        const outside = join(dirname(cage.secret), `blobs-${Math.random()}`)
        renameSync(join(path, 'blobs'), outside)
        for (const { digest } of layers.map(({ diffId }) => ({ digest: diffId })))
          writeFileSync(join(outside, 'sha256', digest.slice(7)), readFileSync(hostArchive))
        symlinkSync(outside, join(path, 'blobs'))
      },
    ],
  ])('may not read files of the host through links in a layout: %s', async (_title, spoil) => {
    const path = layout()
    spoil(path, diffIdOf(layer))

    const seen = await list(cage, path)

    expect([seen.code, seen.names]).toEqual([3, []])
  })

  it('may keep blobs elsewhere that are what they are called', async () => {
    const path = layout()
    const name = diffIdOf(layer).slice(7)
    const elsewhere = cage.next()
    mkdirSync(elsewhere)
    renameSync(join(path, 'blobs/sha256', name), join(elsewhere, 'layer'))
    symlinkSync(join(elsewhere, 'layer'), join(path, 'blobs/sha256', name))

    expect(await list(cage, path)).toMatchObject({ code: 0, names: ['sound'] })
  })

  const image: WrittenImage = { layers: [[npm('sound')]] }
  const saved = (from: string, to: string) =>
    writeDockerArchive(cage.next('.tar'), [image], item =>
      item.name === 'manifest.json' ? [{ ...item, body: String(item.body).replace(from, to) }] : [item],
    )
  const instead = (item: TarItem) =>
    writeDockerArchive(cage.next('.tar'), [image], kept =>
      String(kept.name) === '0-0/layer.tar' ? [{ ...item, name: kept.name }] : [kept],
    )

  it.each<readonly [string, () => string]>([
    ['a layer in a file of the host', () => saved('0-0/layer.tar', hostArchive)],
    ['a layer above the archive', () => saved('0-0/layer.tar', `../../../../../../../..${hostArchive}`)],
    ['a link to a file of the host', () => instead({ name: '', type: '2', linkName: hostArchive })],
    ['a hard link to a file of the host', () => instead({ name: '', type: '1', linkName: hostArchive })],
    ['a link to itself', () => instead({ name: '', type: '2', linkName: 'layer.tar' })],
    ['a directory', () => instead({ name: '', type: '5' })],
    ['a device', () => instead({ name: '', type: '3' })],
  ])('have no layer, and that is told: %s', async (_title, target) => {
    expect(await list(cage, target())).toMatchObject({ code: 3, names: [], codes: ['missing'] })
  })
})

function link(path: string, to: string): void {
  rmSync(path)
  symlinkSync(to, path)
}

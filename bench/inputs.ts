import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import { writeTar } from '#lib/tar-write.ts'
import { writeZip } from '#lib/zip-write.ts'
import { convertToOci, type LayerCompression, writeBlob, writeIndex, writeManifest } from '#test/images/oci-writer.ts'
import type { InputKind } from './programs.ts'

/** Something to scan. */
export interface Input {
  readonly name: string
  readonly kind: InputKind
  readonly path: string
  /** Where some programs list nothing of it: those that do, by their name. */
  readonly listedBy?: RegExp
  /** Bytes of files that a reader may have to look at. */
  readonly size: number
}

const corpusImages = ['debian12', 'node-shop', 'java-ledger', 'py-api', 'go-static', 'big']
const converted: readonly (readonly [string, LayerCompression])[] = [
  ['node-shop', 'gzip'],
  ['node-shop', 'zstd'],
  ['big', 'gzip'],
  ['big', 'zstd'],
]

/** Inputs that match `only`, made in `scratch` where they are missing. Corpus images that are not built are left out. */
export async function prepareInputs(corpus: string, scratch: string, only: RegExp): Promise<readonly Input[]> {
  const inputs: Input[] = []
  const add = (name: string, kind: InputKind, path: string) =>
    inputs.push({
      name,
      kind,
      path,
      size: sizeOf(path),
    })
  for (const name of corpusImages) {
    const path = join(corpus, `${name}.tar`)
    if (only.test(name) && existsSync(path)) add(name, 'archive', path)
  }
  for (const [name, compression] of converted) {
    const title = `${name}, OCI ${compression}`
    if (!only.test(title) || !existsSync(join(corpus, `${name}.tar`))) continue
    add(
      title,
      'layout',
      await layoutOf(join(corpus, `${name}.tar`), join(scratch, `${name}-${compression}`), compression),
    )
  }
  const made: readonly (readonly [string, InputKind, (path: string) => void])[] = [
    ['60 layers', 'layout', writeLayers],
    ['200,000 files', 'directory', writeTree],
    ['nested WAR', 'directory', writeWar],
  ]
  for (const [name, kind, make] of made) {
    if (!only.test(name)) continue
    const path = join(scratch, name.replaceAll(/[ ,]+/g, '-'))
    once(path, make)
    add(name, kind, path)
  }
  // In directories the other peers read lock files and manifests, not archives of Java.
  return inputs.map(input => (input.name === 'nested WAR' ? { ...input, listedBy: /^(?:Sluice|Syft|Grype)/ } : input))
}

function sizeOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter(item => item.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}

/** Makes a folder as a whole or not at all. */
function once(path: string, make: (aside: string) => void): void {
  if (existsSync(path)) return
  rmSync(`${path}.part`, { recursive: true, force: true })
  mkdirSync(`${path}.part`, { recursive: true })
  make(`${path}.part`)
  renameSync(`${path}.part`, path)
}

async function layoutOf(archive: string, layout: string, compression: LayerCompression): Promise<string> {
  if (existsSync(layout)) return layout
  const saved = `${layout}.saved`
  rmSync(saved, { recursive: true, force: true })
  mkdirSync(saved, { recursive: true })
  execFileSync('tar', ['-xf', archive, '-C', saved])
  rmSync(`${layout}.part`, { recursive: true, force: true })
  mkdirSync(join(`${layout}.part`, 'blobs/sha256'), { recursive: true })
  await convertToOci(saved, `${layout}.part`, compression)
  renameSync(`${layout}.part`, layout)
  rmSync(saved, { recursive: true })
  return layout
}

/** The layout with one more layer on top, which no cache has ever seen. Blobs are linked, not copied. */
export function withChangedTop(layout: string, target: string): string {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(join(target, 'blobs/sha256'), { recursive: true })
  for (const name of readdirSync(join(layout, 'blobs/sha256')))
    linkSync(join(layout, 'blobs/sha256', name), join(target, 'blobs/sha256', name))
  const read = (digest: string) => JSON.parse(readFileSync(join(layout, 'blobs/sha256', digest.slice(7)), 'utf8'))
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
  const manifest = read(index.manifests[0].digest)
  const config = read(manifest.config.digest)
  const tar = writeTar([{ name: 'srv/change.bin', body: randomBytes(2 ** 20) }])
  config.rootfs.diff_ids.push(`sha256:${createHash('sha256').update(tar).digest('hex')}`)
  config.history?.push({ created_by: 'COPY change.bin /srv/' })
  const layer = writeBlob(target, 'application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar, { level: 1 }))
  const newConfig = writeBlob(target, manifest.config.mediaType, Buffer.from(JSON.stringify(config)))
  const described = writeManifest(target, newConfig, [...manifest.layers, layer])
  writeIndex(target, [{ ...index.manifests[0], ...described }])
  return target
}

const encoder = new TextEncoder()

function npmPackage(name: string, version: string): Uint8Array {
  return encoder.encode(JSON.stringify({ name, version, license: 'MIT', description: 'x'.repeat(200) }))
}

/** 60 layers of 1,000 files, of which every tenth is a package's. */
function writeLayers(layout: string): void {
  const layers = Array.from({ length: 60 }, (_, layer) =>
    writeTar(
      Array.from({ length: 1000 }, (_, file) => {
        const name = `srv/app-${layer}/node_modules/p${file}`
        return file % 10 === 0
          ? { name: `${name}/package.json`, body: npmPackage(`p${file}`, `1.${layer}.0`) }
          : { name: `${name}/index.js`, body: randomBytes(2000) }
      }),
    ),
  )
  const diffIds = layers.map(tar => `sha256:${createHash('sha256').update(tar).digest('hex')}`)
  const config = { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: diffIds } }
  const blobs = layers.map(tar =>
    writeBlob(layout, 'application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar, { level: 1 })),
  )
  const configBlob = writeBlob(layout, 'application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(config)))
  writeIndex(layout, [
    { ...writeManifest(layout, configBlob, blobs), platform: { os: 'linux', architecture: 'amd64' } },
  ])
}

/** 200,000 files in 4,000 folders, with 100 lock files among them. */
function writeTree(root: string): void {
  for (let folder = 0; folder < 4000; folder++) {
    const path = join(root, `d${folder % 40}`, `e${folder}`)
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < 50; file++) writeFileSync(join(path, `f${file}.js`), 'export {}\n')
    if (folder % 40 === 0) {
      const packages = {
        '': { name: `app${folder}`, version: '1.0.0' },
        'node_modules/lodash': { version: `4.17.${folder % 21}` },
      }
      writeFileSync(
        join(path, 'package-lock.json'),
        JSON.stringify({ name: `app${folder}`, lockfileVersion: 3, packages }),
      )
    }
  }
}

/** A WAR of 300 jars of 200 classes, each with Maven's properties, and a jar of 20 jars. */
function writeWar(root: string): void {
  const jar = (name: string, extra: readonly { name: string; body: Uint8Array }[] = []) =>
    writeZip(
      [
        {
          name: 'META-INF/MANIFEST.MF',
          body: encoder.encode(`Manifest-Version: 1.0\r\nImplementation-Title: ${name}\r\n`),
        },
        {
          name: `META-INF/maven/org.example/${name}/pom.properties`,
          body: encoder.encode(`groupId=org.example\nartifactId=${name}\nversion=1.2.3\n`),
        },
        ...Array.from({ length: 200 }, (_, index) => ({
          name: `org/example/C${index}.class`,
          body: randomBytes(1500),
        })),
        ...extra,
      ],
      crc32,
    )
  const inner = Array.from({ length: 20 }, (_, index) => ({
    name: `BOOT-INF/lib/inner${index}.jar`,
    body: jar(`inner${index}`),
  }))
  const outer = Array.from({ length: 300 }, (_, index) => ({
    name: `WEB-INF/lib/lib${index}.jar`,
    body: jar(`lib${index}`),
  }))
  writeFileSync(
    join(root, 'shop.war'),
    writeZip([...outer, { name: 'WEB-INF/lib/fat.jar', body: jar('fat', inner) }], crc32),
  )
}

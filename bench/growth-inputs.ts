import { createHash, type Hash, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tarBlock } from '#lib/tar-header.ts'
import { writeTar } from '#lib/tar-write.ts'

/** Files of an image of so many bytes: as large as this, and every hundredth is a package's. */
const fileBytes = 100_000
const layerCount = 8
/** Files in each folder of a tree. */
const perFolder = 50

const encoder = new TextEncoder()

/** A layer that is written piece by piece, since it may be larger than memory. */
interface LayerPlan {
  readonly files: number
  readonly bytesOf: (file: number) => number
  readonly write: (file: number, put: (bytes: Uint8Array) => void) => void
}

/** Writes a docker archive of about so many bytes in eight layers, of files of 100 kB. */
export function writeLargeArchive(path: string, bytes: number): void {
  const pool = randomBytes(16 * 2 ** 20)
  const files = Math.round(bytes / fileBytes / layerCount)
  const layers = Array.from({ length: layerCount }, (_, layer) => {
    const memberOf = (file: number) => {
      const folder = `srv/app-${layer}/node_modules/p${file}`
      if (file % 100 === 0) return { name: `${folder}/package.json`, body: manifestOf(`p${file}`, `1.${layer}.0`) }
      const start = (file * 7919 + layer * 104_729) % (pool.length - fileBytes)
      return { name: `${folder}/data.bin`, body: pool.subarray(start, start + fileBytes) }
    }
    return planOf(files, memberOf)
  })
  writeArchive(path, layers)
}

/** Writes a docker archive with one layer of so many small files, 50 in each folder. */
export function writeFilesArchive(path: string, files: number): void {
  const body = encoder.encode('export {}\n')
  const memberOf = (file: number) => {
    const folder = folderOf(Math.floor(file / perFolder))
    return isLock(file)
      ? { name: `${folder}/node_modules/p${file}/package.json`, body: manifestOf(`p${file}`, '1.0.0') }
      : { name: `${folder}/f${file % perFolder}.js`, body }
  }
  writeArchive(path, [planOf(files, memberOf)])
}

/** Adds files to a tree that has `from` of them already, 50 in each folder. */
export function growTree(root: string, from: number, to: number): void {
  for (let file = from; file < to; file++) {
    const folder = join(root, folderOf(Math.floor(file / perFolder)))
    if (file % perFolder === 0) mkdirSync(folder, { recursive: true })
    if (isLock(file)) writeFileSync(join(folder, 'package-lock.json'), lockOf(file))
    else writeFileSync(join(folder, `f${file % perFolder}.js`), '')
  }
}

/** Every two-thousandth file is of interest, the second of its folder. */
function isLock(file: number): boolean {
  return file % 2000 === 1
}

function folderOf(folder: number): string {
  return `d${folder % 40}/e${folder}`
}

function manifestOf(name: string, version: string): Uint8Array {
  return encoder.encode(JSON.stringify({ name, version, license: 'MIT', description: 'x'.repeat(200) }))
}

function lockOf(file: number): string {
  const packages = {
    '': { name: `app${file}`, version: '1.0.0' },
    'node_modules/lodash': { version: `4.17.${file % 21}` },
  }
  return JSON.stringify({ name: `app${file}`, lockfileVersion: 3, packages })
}

function planOf(
  files: number,
  memberOf: (file: number) => { readonly name: string; readonly body: Uint8Array },
): LayerPlan {
  return {
    files,
    bytesOf: file => tarBlock + padded(memberOf(file).body.length),
    // Without the two blocks that end an archive.
    write: (file, put) => put(writeTar([memberOf(file)]).subarray(0, -2 * tarBlock)),
  }
}

function padded(length: number): number {
  return Math.ceil(length / tarBlock) * tarBlock
}

/** The layers first, since the configuration names their digests. */
function writeArchive(path: string, layers: readonly LayerPlan[]): void {
  rmSync(path, { force: true })
  const fd = openSync(path, 'w')
  try {
    const names = layers.map((_, index) => `${index}/layer.tar`)
    const diffIds = layers.map((layer, index) => writeLayer(fd, names[index]!, layer))
    const rootfs = { type: 'layers', diff_ids: diffIds }
    const config = encoder.encode(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs }))
    const name = `${createHash('sha256').update(config).digest('hex')}.json`
    const manifest = JSON.stringify([{ Config: name, RepoTags: [], Layers: names }])
    writeSync(
      fd,
      writeTar([
        { name, body: config },
        { name: 'manifest.json', body: encoder.encode(manifest) },
      ]),
    )
  } finally {
    closeSync(fd)
  }
}

function writeLayer(fd: number, name: string, { files, bytesOf, write }: LayerPlan): string {
  let size = 2 * tarBlock
  for (let file = 0; file < files; file++) size += bytesOf(file)
  const hash: Hash = createHash('sha256')
  const put = (bytes: Uint8Array) => {
    hash.update(bytes)
    writeSync(fd, bytes)
  }
  writeSync(fd, headerOf(name, size))
  const batch: Uint8Array[] = []
  for (let file = 0; file < files; file++) {
    write(file, bytes => batch.push(bytes))
    if (batch.length === 500 || file === files - 1) put(Buffer.concat(batch.splice(0)))
  }
  put(new Uint8Array(2 * tarBlock))
  return `sha256:${hash.digest('hex')}`
}

/** The header of a regular file of that size: that of an empty one, with another size and sum. */
function headerOf(name: string, size: number): Uint8Array {
  const header = writeTar([{ name, body: new Uint8Array(0) }]).slice(0, tarBlock)
  header.set(encoder.encode(`${size.toString(8).padStart(11, '0')}\0`), 124)
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.set(encoder.encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return header
}

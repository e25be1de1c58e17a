import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '#lib/failure.ts'
import { type Manifest, type ManifestFault, readManifest, writeManifest } from './manifest.ts'

/** The folder of the store within Sluice's data folder. */
export function storeFolder(home: string): string {
  return join(home, 'advisories')
}

const manifestName = 'store.json'
const draftName = 'draft.db.tmp'

/** The manifest of the store in use; undefined where there is none. Throws `Failure` where it cannot be read. */
export function loadManifest(folder: string): Manifest | ManifestFault | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, manifestName), 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new Failure('feeds/unreadable-store', `The advisory store in ${folder} cannot be read`, { cause: error })
  }
  return readManifest(text)
}

/** Identity of a file's content as far as `stat` tells: no program can write to a file and keep its change time. */
export function statOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join('-')
}

/** SHA-256 of a file, hexadecimal. */
export function hashFile(path: string): string {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafeSlow(2 ** 20)
  const fd = openSync(path, 'r')
  try {
    for (let count: number; (count = readSync(fd, buffer)) > 0; ) hash.update(buffer.subarray(0, count))
  } finally {
    closeSync(fd)
  }
  return hash.digest('hex')
}

/** Path of the draft that an update works on: empty, or a copy of the store in use. */
export function startDraft(folder: string, current: Manifest | undefined): string {
  const path = join(folder, draftName)
  rmSync(path, { force: true })
  if (current !== undefined) copyFileSync(join(folder, current.file), path, constants.COPYFILE_FICLONE)
  return path
}

/**
 * Makes a closed draft the store in use: its bytes reach the disk, it gets its final name, and only then does the
 * manifest name it. A crash at any moment leaves the old store or the new one; readers of the old one keep it open.
 */
export async function publishDraft(folder: string, feeds: Manifest['feeds'], version: number): Promise<Manifest> {
  const draft = join(folder, draftName)
  await syncPath(draft)
  const sha256 = hashFile(draft)
  const file = `advisories-${sha256.slice(0, 16)}.db`
  const path = join(folder, file)
  renameSync(draft, path)
  const manifest = { version, file, sha256, size: statSync(path).size, stat: statOf(path), feeds }
  await syncPath(folder)
  await saveManifest(folder, manifest)
  return manifest
}

/** Replaces the manifest in one step. */
export async function saveManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, `${manifestName}.tmp`)
  writeFileSync(path, writeManifest(manifest))
  await syncPath(path)
  renameSync(path, join(folder, manifestName))
  await syncPath(folder)
}

/** True where the database was compared with its SHA-256 before, when `stat` said the same. */
export function isVerified(folder: string, file: string, stat: string): boolean {
  try {
    return readFileSync(join(folder, `${file}.verified`), 'utf8') === stat
  } catch {
    return false
  }
}

/** Saves the next start the comparison; a folder that may not be written, a normal way to run, is compared every time. */
export function rememberVerified(folder: string, file: string, stat: string): void {
  const path = join(folder, `${file}.${process.pid}.tmp`)
  try {
    writeFileSync(path, stat)
    renameSync(path, join(folder, `${file}.verified`))
  } catch {
    rmSync(path, { force: true })
  }
}

/** Removes databases that no manifest names and what interrupted updates left. Only under the update lock. */
export function removeLeftovers(folder: string, current: Manifest | undefined): void {
  for (const name of readdirSync(folder)) {
    const isOld = /^advisories-[0-9a-f]{16}\.db(?:\.verified)?$/.test(name) && !name.startsWith(current?.file ?? '\n')
    if (isOld || /\.tmp(?:-journal)?$/.test(name)) rmSync(join(folder, name), { force: true })
  }
}

/** Makes the store's folder. Throws `Failure` where it may not be written. */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw unwritable(folder, error)
  }
}

/** What a person is told when the store cannot be written: no room, or no right to. */
export function unwritable(folder: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Failure('feeds/unwritable-store', `The advisory store in ${folder} cannot be written: ${reason}`, {
    hint: 'The store in use, if any, is as it was. Make room, or name a folder that may be written with SLUICE_HOME.',
    cause,
  })
}

/** True for the system's "no such file". */
export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Through a handle: of Node's ways to do it, the only one that a process without all rights may use. */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

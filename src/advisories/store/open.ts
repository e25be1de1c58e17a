import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { AdvisoryReader } from '#advisories/types.ts'
import { Failure } from '#lib/failure.ts'
import { hashFile, isMissing, isVerified, loadManifest, rememberVerified, statOf, storeFolder } from './files.ts'
import type { Manifest } from './manifest.ts'
import { createReader } from './reader.ts'
import { applicationId, storeVersion } from './schema.ts'

const hint = 'Run `sluice feeds update` to build it again.'

/**
 * Opens the advisories in Sluice's data folder for reading; undefined where there are none yet. The view stays the same
 * whatever updates do meanwhile. Throws `Failure` where the store is damaged, changed by something else than Sluice, or
 * of another version. A file whose `stat` is not the one recorded (a copied folder) is compared with its SHA-256 first.
 */
export function openStore(home: string): AdvisoryReader | undefined {
  const folder = storeFolder(home)
  // An update may remove the file between reading its name and opening it: then there is a new name.
  for (let attempt = 0; ; attempt++) {
    const manifest = loadManifest(folder)
    if (manifest === undefined) return undefined
    if (typeof manifest === 'string') throw faultOf(manifest, folder)
    const db = openDatabase(folder, manifest, attempt < 5)
    if (db !== undefined) return createReader(db, manifest.feeds, error => damaged(folder, error))
  }
}

/** True where the database that a manifest names is there and is what it says. */
export function isIntact(folder: string, manifest: Manifest): boolean {
  try {
    openDatabase(folder, manifest, true)?.close()
    return statSync(join(folder, manifest.file), { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** The failure for a store that cannot be used. */
export function faultOf(fault: 'damaged' | 'version', folder: string): Failure {
  if (fault === 'damaged') return damaged(folder, undefined)
  return new Failure('feeds/store-version', `The advisory store in ${folder} is of another version of Sluice`, { hint })
}

function damaged(folder: string, cause: unknown): Failure {
  return new Failure('feeds/damaged-store', `The advisory store in ${folder} is damaged or was changed`, {
    hint,
    cause,
  })
}

/**
 * The database that a manifest names, verified. Undefined where it is gone and `mayBeGone`; throws `Failure` where it
 * is not what the manifest says.
 */
function openDatabase(folder: string, manifest: Manifest, mayBeGone: boolean): DatabaseSync | undefined {
  const path = join(folder, manifest.file)
  try {
    if (statSync(path).size !== manifest.size) throw damaged(folder, undefined)
    const stat = statOf(path)
    if (stat !== manifest.stat && !isVerified(folder, manifest.file, stat)) {
      if (hashFile(path) !== manifest.sha256) throw damaged(folder, undefined)
      rememberVerified(folder, manifest.file, stat)
    }
    // Nobody writes to this file any more, so locks and checks for changes are not needed.
    const url = pathToFileURL(path)
    url.searchParams.set('immutable', '1')
    const db = new DatabaseSync(url, { readOnly: true })
    db.exec('PRAGMA mmap_size = 1073741824')
    const id = db.prepare('PRAGMA application_id').get()?.application_id
    const version = db.prepare('PRAGMA user_version').get()?.user_version
    if (id !== applicationId || version !== storeVersion) {
      db.close()
      throw faultOf('version', folder)
    }
    return db
  } catch (error) {
    if (error instanceof Failure) throw error
    if (isMissing(error) && mayBeGone) return undefined
    throw damaged(folder, error)
  }
}

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fetchEpss } from '#advisories/epss/fetch.ts'
import { fetchKev } from '#advisories/kev/fetch.ts'
import { openRecordArchive } from '#advisories/osv/archive.ts'
import { placesInFolder } from '#advisories/store/places.ts'
import { ecosystems } from '#ecosystems/index.ts'
import { grypeKinds, toGrype } from './grype-mapping.ts'
import { createGrypeTables } from './grype-tables.ts'

/** Where Grype keeps things, as environment; it asks nobody for updates. */
export function grypeEnvironment(scratch: string) {
  return {
    GRYPE_DB_CACHE_DIR: join(scratch, 'grype', 'db'),
    GRYPE_DB_AUTO_UPDATE: 'false',
    GRYPE_DB_VALIDATE_AGE: 'false',
    GRYPE_CHECK_FOR_APP_UPDATE: 'false',
    XDG_CACHE_HOME: join(scratch, 'grype', 'cache'),
  }
}

/** True where `prepareGrypeDatabase` has made one. */
export function hasGrypeDatabase(scratch: string): boolean {
  return existsSync(noteIn(scratch))
}

/** What the database is made from and with, and where it goes. */
interface Making {
  readonly grype: string
  readonly feeds: string
  readonly scratch: string
}

/**
 * Makes Grype's database from the feeds that our store is built from, unless it is there, of these feeds and by this
 * code; does nothing where Grype is not built. Grype takes the file in itself (`grype db import`), as it does with a
 * published one: it adds the indexes and notes the digest that it compares at every start.
 */
export async function prepareGrypeDatabase({ grype, feeds, scratch }: Making): Promise<void> {
  if (!existsSync(grype)) return
  const folder = join(scratch, 'grype')
  const note = noteIn(scratch)
  const origin = originOf(grype, feeds)
  if (existsSync(note) && readFileSync(note, 'utf8') === origin) return
  process.stderr.write("making Grype's database from the feeds, once\n")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const draft = join(folder, 'draft.db')
  await writeGrypeDatabase(feeds, draft)
  execFileSync(grype, ['db', 'import', '--quiet', draft], {
    env: { ...process.env, ...grypeEnvironment(scratch) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  rmSync(draft)
  writeFileSync(note, origin)
}

/** Written last: what the database beside it was made from. */
function noteIn(scratch: string): string {
  return join(scratch, 'grype', 'made-from')
}

/** Size and time of every feed, and a digest of the program and of what maps one to the other. */
function originOf(grype: string, feeds: string): string {
  const files = readdirSync(feeds, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const lines = [grype, ...files.sort()].map(path => {
    const { size, mtimeMs } = statSync(path)
    return `${path} ${size} ${mtimeMs}`
  })
  const code = readdirSync(import.meta.dirname).filter(name => /^grype-[\w-]+\.ts$/.test(name))
  const hash = createHash('sha256')
  for (const name of code.sort()) hash.update(readFileSync(join(import.meta.dirname, name)))
  return [...lines, hash.digest('hex'), ''].join('\n')
}

/** Writes a new database of Grype's schema from a folder of feeds: advisories, EPSS and KEV. It has no indexes yet. */
export async function writeGrypeDatabase(feeds: string, path: string): Promise<void> {
  const { bucket, facts } = placesInFolder(feeds)
  const db = new DatabaseSync(path)
  try {
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN')
    const write = createGrypeTables(db, new Date())
    for (const name of (await bucket?.ecosystems()) ?? []) {
      const kind = grypeKinds[name]
      const archive = kind === undefined ? undefined : await bucket?.archive(name)
      if (kind === undefined || archive === undefined) continue
      const matching = await ecosystems.find(({ id }) => id === kind.ours)?.loadMatching()
      for (const record of openRecordArchive(archive, name).records())
        if (!record.silent) write.record(toGrype(record, name, matching?.compare))
      archive.close(false)
    }
    const scores = facts.has('epss') ? await fetchEpss(facts.get('epss')!, {}) : 'unchanged'
    if (scores !== 'unchanged') write.scores(scores.content)
    const exploited = facts.has('kev') ? await fetchKev(facts.get('kev')!, {}) : 'unchanged'
    if (exploited !== 'unchanged') write.exploited(exploited.content)
    db.exec('COMMIT')
  } finally {
    db.close()
  }
}

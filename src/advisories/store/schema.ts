import type { DatabaseSync } from 'node:sqlite'

/** `PRAGMA application_id` of a store: the letters `SlAd`. */
export const applicationId = 0x536c4164

/** Changes with every change of the tables or of what is kept in them: other versions are not read. */
export const storeVersion = 2

/**
 * - `record`: one row for each record of each bucket folder; `origin`: what only updates need of it (apart, so that
 *   lookups read few pages). Silent records (withdrawn ones) have no `hash`.
 * - `affected`: what records say about a package, by ecosystem (with release) and canonical name.
 * - `mention`: which records name an id, as reference or link; only for rebuilding flaws.
 * - `alias`: ids that stand for flaws of another id. An id without a row stands for itself.
 * - `flaw`: everything known of a flaw, put together.
 */
const tables = `
CREATE TABLE ecosystem (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE record (
  key INTEGER PRIMARY KEY, bucket TEXT NOT NULL, id TEXT NOT NULL, modified TEXT NOT NULL, published TEXT,
  summary TEXT, refs TEXT NOT NULL, UNIQUE (bucket, id));
CREATE TABLE origin (record INTEGER PRIMARY KEY, links TEXT NOT NULL, hash TEXT, detail);
CREATE TABLE affected (
  ecosystem INTEGER NOT NULL, name TEXT NOT NULL, record INTEGER NOT NULL, body NOT NULL,
  PRIMARY KEY (ecosystem, name, record)) WITHOUT ROWID;
CREATE TABLE mention (id TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (id, record)) WITHOUT ROWID;
CREATE TABLE alias (id TEXT NOT NULL, flaw TEXT NOT NULL, PRIMARY KEY (id, flaw)) WITHOUT ROWID;
CREATE TABLE flaw (id TEXT PRIMARY KEY, detail NOT NULL) WITHOUT ROWID;
CREATE TABLE kev (cve TEXT PRIMARY KEY, added TEXT NOT NULL, due TEXT, ransomware INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE epss (cve INTEGER PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE support (
  product TEXT NOT NULL, cycle TEXT NOT NULL, regular TEXT, last TEXT, PRIMARY KEY (product, cycle)) WITHOUT ROWID;
`

/** Indexes that only updates use: made after the first rows, which is faster than keeping them up to date. */
const indexes = `
CREATE INDEX IF NOT EXISTS affected_record ON affected (record);
CREATE INDEX IF NOT EXISTS alias_flaw ON alias (flaw);
`

/** Lays out an empty store. */
export function createTables(db: DatabaseSync): void {
  db.exec(tables)
  db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${storeVersion}`)
}

/** Adds what an update needs to find old rows. */
export function createIndexes(db: DatabaseSync): void {
  db.exec(indexes)
}

/**
 * Settings of a database that nobody reads yet: no durability until it is whole, but changes can be taken back. A crash
 * leaves a file that is thrown away.
 */
export function prepareDraft(db: DatabaseSync): void {
  db.exec(
    'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -131072; PRAGMA temp_store = MEMORY',
  )
  db.exec('PRAGMA locking_mode = EXCLUSIVE')
}

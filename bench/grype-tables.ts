import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EpssScores } from '#advisories/epss/normalize.ts'
import type { KevCatalog } from '#advisories/kev/normalize.ts'
import type { GrypePackage, GrypeRecord, GrypeSystem } from './grype-mapping.ts'

/**
 * Grype's schema (https://github.com/anchore/grype/blob/v0.120.1/grype/db/v6/models.go) as far as it is filled here. Other
 * tables and all indexes come with the import, which also would write tables anew that lack a reference named as here.
 */
const tables = `
CREATE TABLE db_metadata (
  build_timestamp datetime NOT NULL, model integer NOT NULL, revision integer NOT NULL, addition integer NOT NULL);
CREATE TABLE blobs (id integer PRIMARY KEY AUTOINCREMENT, value text NOT NULL);
CREATE TABLE providers (
  id text, version text, processor text, date_captured datetime, input_digest text, PRIMARY KEY (id));
CREATE TABLE vulnerability_handles (
  id integer PRIMARY KEY AUTOINCREMENT, name text NOT NULL, status text NOT NULL, published_date datetime,
  modified_date datetime, withdrawn_date datetime, provider_id text NOT NULL, blob_id integer,
  CONSTRAINT \`fk_vulnerability_handles_provider\` FOREIGN KEY (provider_id) REFERENCES providers (id));
CREATE TABLE operating_systems (
  id integer PRIMARY KEY AUTOINCREMENT, name text, release_id text, major_version text, minor_version text,
  label_version text, codename text, channel text, eol_date datetime, eoas_date datetime);
CREATE TABLE operating_system_specifier_overrides (
  alias text, version text, version_pattern text, codename text, channel text, replacement text,
  replacement_major_version text, replacement_minor_version text, replacement_label_version text,
  replacement_channel text, rolling numeric, applicable_client_db_schemas text,
  PRIMARY KEY (alias, version, version_pattern, replacement, replacement_major_version, replacement_minor_version,
    replacement_label_version, replacement_channel, rolling));
CREATE TABLE packages (id integer PRIMARY KEY AUTOINCREMENT, ecosystem text, name text);
CREATE TABLE package_specifier_overrides (
  ecosystem text, replacement_ecosystem text, PRIMARY KEY (ecosystem, replacement_ecosystem));
CREATE TABLE affected_package_handles (
  id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer NOT NULL, operating_system_id integer,
  package_id integer, blob_id integer,
  CONSTRAINT \`fk_affected_package_handles_vulnerability\` FOREIGN KEY (vulnerability_id)
    REFERENCES vulnerability_handles (id),
  CONSTRAINT \`fk_affected_package_handles_operating_system\` FOREIGN KEY (operating_system_id)
    REFERENCES operating_systems (id),
  CONSTRAINT \`fk_affected_package_handles_package\` FOREIGN KEY (package_id) REFERENCES packages (id));
CREATE TABLE known_exploited_vulnerability_handles (
  id integer PRIMARY KEY AUTOINCREMENT, cve text NOT NULL, blob_id integer);
CREATE TABLE epss_metadata (date datetime NOT NULL);
CREATE TABLE epss_handles (
  id integer PRIMARY KEY AUTOINCREMENT, cve text NOT NULL, epss real NOT NULL, percentile real NOT NULL);
`

/** Two rows of those that every database of Grype has: Wolfi has no releases, Jenkins plugins are looked up as Java. */
const rules = `
INSERT INTO operating_system_specifier_overrides (alias, version, version_pattern, codename, channel, rolling)
  VALUES ('wolfi', '', '', '', '', 1);
INSERT INTO package_specifier_overrides VALUES ('jenkins-plugin', 'java-archive');
`

/** Fills a database of Grype's. */
export interface GrypeWriter {
  readonly record: (record: GrypeRecord) => void
  readonly scores: (scores: EpssScores) => void
  readonly exploited: (catalog: KevCatalog) => void
}

/** Makes the tables in an empty database, which then says that it is of schema 6.1.10: the one of 0.120.1. */
export function createGrypeTables(db: DatabaseSync, now: Date): GrypeWriter {
  db.exec(tables)
  db.exec(rules)
  const insert = inserter(db)
  const built = timeOf(now.toISOString())
  insert('db_metadata', { build_timestamp: built, model: 6, revision: 1, addition: 10 })
  const blobOf = kept(
    (value: object) => JSON.stringify(value),
    (_, value) => insert('blobs', { value }),
  )
  const providerOf = kept(
    (id: string) => id,
    id => insert('providers', { id, version: '1', processor: 'osv', date_captured: built, input_digest: '' }),
  )
  const systemOf = kept(
    (system: GrypeSystem) => JSON.stringify(system),
    ({ name, major, minor, codename }) => {
      const release = { major_version: major, minor_version: minor, label_version: '', codename, channel: '' }
      return insert('operating_systems', { name, release_id: name, ...release })
    },
  )
  const packageOf = kept(
    // Grype's index of names knows no case.
    ({ ecosystem, name }: GrypePackage) => `${ecosystem} ${name.toLowerCase()}`,
    ({ ecosystem, name }) => insert('packages', { ecosystem, name }),
  )
  const vulnerabilityOf = kept(
    ({ name, record }: Named) => `${record.provider} ${name}`,
    ({ name, record: { provider, published, modified, vulnerability } }) => {
      providerOf(provider)
      return insert('vulnerability_handles', {
        name,
        status: 'active',
        published_date: published === undefined ? null : timeOf(published),
        modified_date: timeOf(modified),
        provider_id: provider,
        blob_id: blobOf({ id: name, ...vulnerability }),
      })
    },
  )
  return {
    record: record => {
      for (const one of record.packages) {
        const operating_system_id = one.system === undefined ? null : systemOf(one.system)
        const what = { operating_system_id, package_id: packageOf(one), blob_id: blobOf(one.blob) }
        for (const name of record.names)
          insert('affected_package_handles', { vulnerability_id: vulnerabilityOf({ name, record }), ...what })
      }
    },
    scores: ({ date, rows }) => {
      insert('epss_metadata', { date: timeOf(`${date}T00:00:00Z`) })
      for (const [number, epss, percentile] of rows) insert('epss_handles', { cve: cveOf(number), epss, percentile })
    },
    exploited: ({ entries }) => {
      for (const { cve, added, due, ransomware } of entries) {
        const dates = { date_added: `${added}T00:00:00Z`, due_date: due === undefined ? undefined : `${due}T00:00:00Z` }
        const known_ransomware_campaign_use = ransomware ? 'Known' : 'Unknown'
        const blob_id = blobOf({ cve, ...dates, known_ransomware_campaign_use })
        insert('known_exploited_vulnerability_handles', { cve, blob_id })
      }
    },
  }
}

/** One vulnerability for each name: of several records of a provider, the first describes it. */
interface Named {
  readonly name: string
  readonly record: GrypeRecord
}

type Row = Readonly<Record<string, string | number | null>>

/** Adds a row and gives its number. Rows of one table have the same columns in the same order. */
function inserter(db: DatabaseSync): (table: string, row: Row) => number {
  const statements = new Map<string, StatementSync>()
  return (table, row) => {
    let statement = statements.get(table)
    if (statement === undefined) {
      const columns = Object.keys(row)
      const marks = columns.map(() => '?')
      statement = db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks.join(', ')})`)
      statements.set(table, statement)
    }
    return Number(statement.run(...Object.values(row)).lastInsertRowid)
  }
}

/** One row for all that have the same key: its number, from the second time on without a new row. */
function kept<T>(keyOf: (value: T) => string, add: (value: T, key: string) => number): (value: T) => number {
  const rows = new Map<string, number>()
  return value => {
    const key = keyOf(value)
    const row = rows.get(key) ?? add(value, key)
    rows.set(key, row)
    return row
  }
}

/** As Grype's driver writes times. */
function timeOf(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')}+00:00`
}

/** The CVE that `cveNumber` made a number of: the sequence has at least four digits. */
function cveOf(number: number): string {
  return `CVE-${Math.floor(number / 1e10)}-${String(number % 1e10).padStart(4, '0')}`
}

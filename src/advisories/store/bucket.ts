import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { OsvRecord } from '#advisories/osv/normalize.ts'
import type { Affected } from '#model/advisory.ts'
import { pack, packAffected } from './pack.ts'

/** What the store holds of one bucket folder: id to row, time and content. */
export type Held = Map<string, { readonly key: number; readonly modified: string; readonly hash: string | undefined }>

/** Writes one bucket folder's records into a draft. */
export interface BucketWriter {
  readonly held: Held
  /** Adds or replaces a record; an older one than is held is passed over, unless the held one is from the future. */
  readonly put: (record: OsvRecord) => void
  readonly remove: (id: string) => void
  /** Rows added, replaced or removed so far. */
  readonly changes: () => number
}

/** Rows of a bucket folder, withdrawn ones included. */
export function readHeld(db: DatabaseSync, bucket: string): Held {
  const held: Held = new Map()
  for (const row of db
    .prepare(
      'SELECT r.key, r.id, r.modified, o.hash FROM record r JOIN origin o ON o.record = r.key WHERE r.bucket = ?',
    )
    .iterate(bucket)) {
    held.set(row.id as string, {
      key: row.key as number,
      modified: row.modified as string,
      hash: (row.hash as string | null) ?? undefined,
    })
  }
  return held
}

/**
 * A writer for one folder. Every id whose flaws may change is added to `dirty`. `now` tells which held times are in
 * the future.
 */
export function openBucket(
  db: DatabaseSync,
  bucket: string,
  { dirty, now }: { readonly dirty: Set<string>; readonly now: Date },
): BucketWriter {
  const statements = prepare(db)
  const held = readHeld(db, bucket)
  let changes = 0

  function clear(key: number): void {
    const row = statements.names.get(key)
    for (const column of [row?.refs, row?.links]) for (const id of split(column)) dirty.add(id)
    for (const id of new Set([...split(row?.refs), ...split(row?.links)])) statements.forget.run(id, key)
    statements.clear.run(key)
    statements.dropOrigin.run(key)
    statements.drop.run(key)
    changes++
  }

  function put({ advisory, silent, refs, links }: OsvRecord): void {
    const hash = silent ? undefined : hashOf({ advisory, refs, links })
    const known = held.get(advisory.id)
    if (known !== undefined) {
      if (known.hash === hash && known.modified === advisory.modified) return
      const isOlder = Date.parse(advisory.modified) < Date.parse(known.modified)
      if (isOlder && Date.parse(known.modified) <= now.getTime()) return
      clear(known.key)
      changes--
    }
    const key = insert(statements, bucket, { advisory, silent, refs, links, hash })
    held.set(advisory.id, { key, modified: advisory.modified, hash })
    changes++
    if (!silent) for (const id of [...refs, ...links]) dirty.add(id)
  }

  function remove(id: string): void {
    const known = held.get(id)
    if (known === undefined) return
    clear(known.key)
    held.delete(id)
  }

  return { held, put, remove, changes: () => changes }
}

interface Row extends OsvRecord {
  readonly hash: string | undefined
}

function insert(statements: Statements, bucket: string, row: Row): number {
  const { advisory, silent, refs, links, hash } = row
  const { severities, cwes, references } = advisory
  const { lastInsertRowid } = statements.record.run(
    bucket,
    advisory.id,
    advisory.modified,
    silent ? null : (advisory.published ?? null),
    silent ? null : (advisory.summary ?? null),
    silent ? '' : refs.join(' '),
  )
  const key = Number(lastInsertRowid)
  const detail = silent ? null : pack(JSON.stringify({ severities, cwes, references }))
  statements.origin.run(key, silent ? '' : links.join(' '), hash ?? null, detail)
  if (silent) return key
  for (const [, affected] of groupByName(advisory.affected)) {
    const { ecosystem, name } = affected[0]!
    statements.affected.run(statements.ecosystem(ecosystem), name, key, packAffected(affected))
  }
  for (const id of new Set([...refs, ...links])) statements.mention.run(id, key)
  return key
}

function groupByName(affected: readonly Affected[]): Map<string, Affected[]> {
  return Map.groupBy(affected, ({ ecosystem, name }) => `${ecosystem}\n${name}`)
}

interface Statements {
  readonly record: StatementSync
  readonly origin: StatementSync
  readonly affected: StatementSync
  readonly mention: StatementSync
  readonly names: StatementSync
  readonly forget: StatementSync
  readonly clear: StatementSync
  readonly drop: StatementSync
  readonly dropOrigin: StatementSync
  readonly ecosystem: (name: string) => number
}

function prepare(db: DatabaseSync): Statements {
  const keys = new Map<string, number>()
  const find = db.prepare('SELECT key FROM ecosystem WHERE name = ?')
  const add = db.prepare('INSERT INTO ecosystem (name) VALUES (?)')
  return {
    record: db.prepare('INSERT INTO record (bucket, id, modified, published, summary, refs) VALUES (?, ?, ?, ?, ?, ?)'),
    origin: db.prepare('INSERT INTO origin (record, links, hash, detail) VALUES (?, ?, ?, ?)'),
    affected: db.prepare('INSERT INTO affected (ecosystem, name, record, body) VALUES (?, ?, ?, ?)'),
    mention: db.prepare('INSERT INTO mention (id, record) VALUES (?, ?)'),
    names: db.prepare('SELECT r.refs, o.links FROM record r JOIN origin o ON o.record = r.key WHERE r.key = ?'),
    forget: db.prepare('DELETE FROM mention WHERE id = ? AND record = ?'),
    clear: db.prepare('DELETE FROM affected WHERE record = ?'),
    drop: db.prepare('DELETE FROM record WHERE key = ?'),
    dropOrigin: db.prepare('DELETE FROM origin WHERE record = ?'),
    ecosystem: name => {
      let key = keys.get(name)
      if (key === undefined) {
        const row = find.get(name)
        key = row === undefined ? Number(add.run(name).lastInsertRowid) : (row.key as number)
        keys.set(name, key)
      }
      return key
    },
  }
}

/** SHA-256 over all that a record says: the same on every machine, whatever its JSON looked like. */
function hashOf({ advisory, refs, links }: Omit<OsvRecord, 'silent'>): string {
  const { id, modified, published, summary, affected, severities, references, cwes } = advisory
  const statements = affected.map(one => [one.ecosystem, one.name, one.ranges, one.versions])
  const content = [id, modified, published ?? '', summary ?? '', statements, severities, references, cwes, refs, links]
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}

/** Ids of a column that holds them with blanks between. */
export function split(column: unknown): readonly string[] {
  return typeof column === 'string' && column !== '' ? column.split(' ') : []
}

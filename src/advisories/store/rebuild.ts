import type { DatabaseSync } from 'node:sqlite'
import type { Rate } from '#advisories/cvss.ts'
import { type Contribution, describeFlaw } from '#advisories/describe.ts'
import { isCve, resolveFlaws } from '#advisories/flaws.ts'
import { isDistribution } from '#advisories/names.ts'
import type { PublishedSeverity } from '#model/advisory.ts'
import { split } from './bucket.ts'
import { pack, unpack } from './pack.ts'

/** Above this many changed ids everything is put together anew, which is then faster. */
const maxDirty = 20_000

/**
 * Joins ids to flaws again and describes the flaws again, for all ids that changed records name (`dirty`) and whatever
 * they are tied to. The result is the same as if everything were rebuilt.
 */
export function rebuildFlaws(db: DatabaseSync, dirty: ReadonlySet<string>, rate: Rate): void {
  if (dirty.size === 0) return
  const isPartial = dirty.size <= maxDirty && db.prepare('SELECT 1 FROM flaw LIMIT 1').get() !== undefined
  const links = isPartial ? linksAround(db, dirty) : allLinks(db)
  const flaws = isPartial ? new Set<string>() : undefined
  if (flaws === undefined) db.exec('DELETE FROM alias; DELETE FROM flaw')
  else for (const id of [...dirty, ...links.keys()]) for (const flaw of heldFlaws(db, id)) flaws.add(flaw)
  replaceAliases(db, links, [...dirty])
  if (flaws === undefined) {
    describeAll(db, undefined, rate)
    return
  }
  const beside = db.prepare('SELECT r.refs FROM mention m JOIN record r ON r.key = m.record WHERE m.id = ?')
  for (const id of new Set([...dirty, ...links.keys()])) {
    for (const flaw of heldFlaws(db, id)) flaws.add(flaw)
    // A record counts for each of its flaws by how many they are: if one id joins another flaw, that changes.
    if (isCve(id)) continue
    for (const row of beside.all(id))
      for (const ref of split(row.refs)) for (const flaw of heldFlaws(db, ref)) flaws.add(flaw)
  }
  describeAll(db, flaws, rate)
}

/** Flaws that an id stands for, by the rows there are. */
function heldFlaws(db: DatabaseSync, id: string): readonly string[] {
  if (isCve(id)) return [id]
  const rows = db.prepare('SELECT flaw FROM alias WHERE id = ?').all(id)
  return rows.length === 0 ? [id] : rows.map(row => row.flaw as string)
}

type MutableLinks = Map<string, Set<string>>

function tie(links: MutableLinks, column: unknown): void {
  const [first, ...others] = split(column)
  for (const other of others) {
    neighbors(links, first!).add(other)
    neighbors(links, other).add(first!)
  }
}

function neighbors(links: MutableLinks, id: string): Set<string> {
  let set = links.get(id)
  if (set === undefined) links.set(id, (set = new Set()))
  return set
}

function allLinks(db: DatabaseSync): MutableLinks {
  const links: MutableLinks = new Map()
  for (const row of db.prepare("SELECT links FROM origin WHERE links != ''").iterate()) tie(links, row.links)
  return links
}

/** Links of everything that can be reached from `ids` without passing through a CVE. */
function linksAround(db: DatabaseSync, ids: ReadonlySet<string>): MutableLinks {
  const links: MutableLinks = new Map()
  const find = db.prepare('SELECT o.links FROM mention m JOIN origin o ON o.record = m.record WHERE m.id = ?')
  const seen = new Set(ids)
  for (const id of seen) {
    if (isCve(id)) continue
    for (const row of find.all(id)) tie(links, row.links)
    for (const neighbor of links.get(id) ?? []) seen.add(neighbor)
  }
  return links
}

function replaceAliases(db: DatabaseSync, links: MutableLinks, dirty: readonly string[]): void {
  const remove = db.prepare('DELETE FROM alias WHERE id = ?')
  const add = db.prepare('INSERT INTO alias (id, flaw) VALUES (?, ?)')
  for (const id of dirty) if (!links.has(id)) remove.run(id)
  for (const [id, flaws] of resolveFlaws(links)) {
    if (isCve(id)) continue
    remove.run(id)
    if (flaws.length === 1 && flaws[0] === id) continue
    for (const flaw of flaws) add.run(id, flaw)
  }
}

/** Describes these flaws, or all that records refer to. */
function describeAll(db: DatabaseSync, flaws: ReadonlySet<string> | undefined, rate: Rate): void {
  const aliases = new Map<string, readonly string[]>()
  const findAlias = db.prepare('SELECT flaw FROM alias WHERE id = ? ORDER BY flaw')
  const resolve = (id: string): readonly string[] => {
    if (isCve(id)) return [id]
    let found = aliases.get(id)
    if (found === undefined) {
      const rows = findAlias.all(id)
      aliases.set(id, (found = rows.length === 0 ? [id] : rows.map(row => row.flaw as string)))
    }
    return found
  }
  const findMembers = db.prepare('SELECT id FROM alias WHERE flaw = ?')
  const findRecords = db.prepare(
    `SELECT r.id, r.bucket, r.published, r.summary, r.refs, o.detail FROM mention m JOIN record r ON r.key = m.record
     JOIN origin o ON o.record = m.record
     WHERE m.id = ?`,
  )
  const remove = db.prepare('DELETE FROM flaw WHERE id = ?')
  const add = db.prepare('INSERT INTO flaw (id, detail) VALUES (?, ?)')
  for (const flaw of flaws ?? referredFlaws(db, resolve)) {
    const members = [
      ...findMembers.all(flaw).map(row => row.id as string),
      ...(resolve(flaw).includes(flaw) ? [flaw] : []),
    ]
    const contributions = new Map<string, Contribution>()
    for (const id of members) {
      for (const row of findRecords.all(id)) {
        if (split(row.refs).includes(id)) contributions.set(`${row.bucket} ${row.id}`, contributionOf(row, resolve))
      }
    }
    if (flaws !== undefined) remove.run(flaw)
    if (contributions.size === 0) continue
    const { id: _, ...rest } = describeFlaw({ id: flaw, members }, [...contributions.values()], rate)
    add.run(flaw, pack(JSON.stringify(rest)))
  }
}

function referredFlaws(db: DatabaseSync, resolve: (id: string) => readonly string[]): ReadonlySet<string> {
  const flaws = new Set<string>()
  for (const row of db.prepare("SELECT refs FROM record WHERE refs != ''").iterate())
    for (const ref of split(row.refs)) for (const flaw of resolve(ref)) flaws.add(flaw)
  return flaws
}

interface RecordDetail {
  readonly severities: readonly PublishedSeverity[]
  readonly cwes: readonly string[]
  readonly references: readonly string[]
}

function contributionOf(row: Record<string, unknown>, resolve: (id: string) => readonly string[]): Contribution {
  const refs = split(row.refs)
  const isNotice = isDistribution(row.bucket as string)
  const detail = JSON.parse(unpack(row.detail)) as RecordDetail
  const { published, summary } = row as { published: string | null; summary: string | null }
  return {
    id: row.id as string,
    isNotice,
    flaws: refs.length === 1 ? resolve(refs[0]!).length : new Set(refs.flatMap(resolve)).size,
    ...detail,
    published: published ?? undefined,
    summary: summary ?? undefined,
  }
}

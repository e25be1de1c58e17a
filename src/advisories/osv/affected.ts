import { asObject, type JsonObject, member } from '#lib/json.ts'
import type { Affected, AffectedRange, RangeEvent } from '#model/advisory.ts'
import { BrokenRecord } from './fields.ts'

/** Bounds per record, far above real ones (a kernel advisory names about 600 packages). */
const maxStatements = 20_000
const maxVersions = 100_000
const maxText = 1_000

/**
 * The `affected` statements of an OSV record that name a package. Statements without a package (commits only), `GIT`
 * ranges and range types that Sluice does not know are left out. Throws `BrokenRecord` where members have the wrong type.
 */
export function readAffected(record: JsonObject, id: string): readonly Affected[] {
  const statements = listAt(record, 'affected', id)
  if (statements.length > maxStatements) throw new BrokenRecord(`${id} affects more than ${maxStatements} packages`)
  const affected: Affected[] = []
  for (const statement of statements) {
    const named = member(statement, 'package')
    if (named === undefined || named === null) continue
    const ecosystem = textAt(named, 'ecosystem', id)
    const name = textAt(named, 'name', id)
    const ranges: AffectedRange[] = []
    for (const range of listAt(statement, 'ranges', id)) {
      const read = readRange(range, id)
      if (read !== undefined) ranges.push(read)
    }
    affected.push({ ecosystem, name, ranges, versions: readVersions(statement, id) })
  }
  return affected
}

function readRange(range: unknown, id: string): AffectedRange | undefined {
  const type = textAt(range, 'type', id)
  const events = listAt(range, 'events', id).flatMap(event => readEvent(event, id))
  return type === 'SEMVER' || type === 'ECOSYSTEM' ? { type, events } : undefined
}

/** One event; several where a database put two into one object, in the order of the schema. */
function readEvent(event: unknown, id: string): RangeEvent[] {
  if (asObject(event) === undefined) throw new BrokenRecord(`${id} has an event that is not an object`)
  const events: RangeEvent[] = []
  const add = (key: string, build: (version: string) => RangeEvent) => {
    if (member(event, key) !== undefined) events.push(build(textAt(event, key, id)))
  }
  add('introduced', introduced => ({ introduced }))
  add('fixed', fixed => ({ fixed }))
  add('last_affected', lastAffected => ({ lastAffected }))
  add('limit', limit => ({ limit }))
  return events
}

function readVersions(statement: unknown, id: string): readonly string[] {
  const versions = listAt(statement, 'versions', id)
  if (versions.length > maxVersions) throw new BrokenRecord(`${id} lists more than ${maxVersions} versions`)
  return versions.map(version => {
    if (typeof version !== 'string' || version.length > maxText)
      throw new BrokenRecord(`${id} lists what is no version`)
    return version
  })
}

function listAt(value: unknown, key: string, id: string): readonly unknown[] {
  const list = member(value, key)
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw new BrokenRecord(`${id} has a ${key} that is not a list`)
  return list
}

function textAt(value: unknown, key: string, id: string): string {
  const text = member(value, key)
  if (typeof text !== 'string' || text === '' || text.length > maxText)
    throw new BrokenRecord(`${id} has no valid ${key}`)
  return text
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeZip } from '#test/ecosystems/zip-writer.ts'

/** An OSV record as far as tests care. */
export interface TestRecord {
  readonly id: string
  readonly modified: string
  readonly [member: string]: unknown
}

/** A record about one package of one ecosystem, fixed in 2.0.0. */
export function recordOf(id: string, ecosystem: string, name: string, more: object = {}): TestRecord {
  const ranges = [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }]
  const published = '2024-01-01T00:00:00Z'
  return { id, published, modified: published, affected: [{ package: { ecosystem, name }, ranges }], ...more }
}

/** The files of one bucket folder: `all.zip`, `modified_id.csv` and one JSON each. */
export function bucketFiles(records: readonly TestRecord[]): Map<string, Buffer> {
  const newestFirst = records.toSorted((a, b) => (a.modified < b.modified ? 1 : -1))
  const members = records.map(record => ({ name: `${record.id}.json`, content: JSON.stringify(record), deflate: true }))
  return new Map([
    ['all.zip', Buffer.from(writeZip(members))],
    ['modified_id.csv', Buffer.from(newestFirst.map(({ modified, id }) => `${modified},${id}\n`).join(''))],
    ...records.map(record => [`${record.id}.json`, Buffer.from(JSON.stringify(record))] as const),
  ])
}

/** Writes `all.zip` and `modified_id.csv` of folders of a bucket. */
export function writeBucket(root: string, folders: Readonly<Record<string, readonly TestRecord[]>>): void {
  for (const [ecosystem, records] of Object.entries(folders)) {
    const files = bucketFiles(records)
    mkdirSync(join(root, ecosystem), { recursive: true })
    for (const name of ['all.zip', 'modified_id.csv']) writeFileSync(join(root, ecosystem, name), files.get(name)!)
  }
}

import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { fetchEol } from '#advisories/eol/fetch.ts'
import { fetchEpss } from '#advisories/epss/fetch.ts'
import { fetchKev } from '#advisories/kev/fetch.ts'
import { type FeedUpdate, replayed, type UpdateContext } from './context.ts'
import type { FeedState } from './manifest.ts'
import type { FeedPlace, Validators } from './transfer.ts'

/** Feeds beside advisories: what is known of CVEs and of releases. */
export const factFeeds = ['eol', 'epss', 'kev'] as const

export type FactFeed = (typeof factFeeds)[number]

/** One of them, and what is held of it. */
export interface FactRequest {
  readonly feed: FactFeed
  readonly place: FeedPlace
  readonly previous: FeedState | undefined
}

/** A feed's content, ready to be written as a whole. */
interface Table {
  /** Day or time of the content, where it tells one. */
  readonly time?: string
  readonly records: number
  /** Over the content. */
  readonly digest: string
  readonly write: (db: DatabaseSync) => void
}

/**
 * Replaces KEV, EPSS or support dates as a whole where they changed. Throws `Failure` where they are broken or older
 * than what is held.
 */
export async function updateFacts(request: FactRequest, context: UpdateContext): Promise<FeedUpdate> {
  const { feed, place, previous } = request
  context.progress({ feed, step: 'check' })
  const from = place.kind === 'file' ? place.path : place.url
  const now = context.now.toISOString()
  const known = previous?.from === from ? previous : undefined
  const answer = await loaders[feed](place, { previous: known, signal: context.signal })
  const asOf = (time: string | undefined) => (place.kind === 'network' && !place.isCopy ? now : time)
  if (answer === 'unchanged') return { state: { ...previous!, checked: now, asOf: asOf(previous!.newest) }, changed: 0 }
  const { table, ...validators } = answer
  if (previous?.newest !== undefined && Date.parse(table.time ?? previous.newest) < Date.parse(previous.newest))
    throw replayed(feed, table.time, previous.newest)
  const state: FeedState = {
    origin: place.kind === 'file' ? 'import' : 'network',
    from,
    fetched: now,
    checked: now,
    newest: table.time,
    asOf: asOf(table.time),
    records: table.records,
    silent: 0,
    digest: table.digest,
    ...validators,
  }
  if (table.digest === previous?.digest) return { state, changed: 0 }
  await context.draft.attempt(async () => {
    table.write(context.draft.open())
    context.draft.touch()
  })
  return { state, changed: table.records }
}

type Load = (
  place: FeedPlace,
  options: { readonly previous?: Validators; readonly signal?: AbortSignal },
) => Promise<({ readonly table: Table } & Validators) | 'unchanged'>

const loaders: Readonly<Record<FactFeed, Load>> = { eol: loadEol, epss: loadEpss, kev: loadKev }

async function loadKev(...request: Parameters<Load>): ReturnType<Load> {
  const answer = await fetchKev(...request)
  if (answer === 'unchanged') return answer
  const { content, ...validators } = answer
  const write = (db: DatabaseSync): void => {
    db.exec('DELETE FROM kev')
    const add = db.prepare('INSERT INTO kev (cve, added, due, ransomware) VALUES (?, ?, ?, ?)')
    for (const { cve, added, due, ransomware } of content.entries) add.run(cve, added, due ?? null, ransomware ? 1 : 0)
  }
  const table = { time: content.released, records: content.entries.length, digest: digestOf(content.entries), write }
  return { table, ...validators }
}

async function loadEpss(...request: Parameters<Load>): ReturnType<Load> {
  const answer = await fetchEpss(...request)
  if (answer === 'unchanged') return answer
  const { content, ...validators } = answer
  const write = (db: DatabaseSync): void => {
    db.exec('DELETE FROM epss')
    const add = db.prepare('INSERT OR REPLACE INTO epss (cve, score, percentile) VALUES (?, ?, ?)')
    for (const row of content.rows) add.run(...row)
    const fact = db.prepare('INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)')
    fact.run('epss.date', content.date)
    fact.run('epss.model', content.model)
  }
  const time = `${content.date}T00:00:00.000Z`
  return { table: { time, records: content.rows.length, digest: digestOf(content), write }, ...validators }
}

async function loadEol(...request: Parameters<Load>): ReturnType<Load> {
  const answer = await fetchEol(...request)
  if (answer === 'unchanged') return answer
  const { content, ...validators } = answer
  const write = (db: DatabaseSync): void => {
    db.exec('DELETE FROM support')
    const add = db.prepare('INSERT OR REPLACE INTO support (product, cycle, regular, last) VALUES (?, ?, ?, ?)')
    for (const { product, cycle, regularUntil, lastUntil } of content)
      add.run(product, cycle, regularUntil ?? null, lastUntil ?? null)
  }
  return { table: { records: content.length, digest: digestOf(content), write }, ...validators }
}

function digestOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}

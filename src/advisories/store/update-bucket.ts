import { setImmediate as nextTurn } from 'node:timers/promises'
import { openRecordArchive, readRecord } from '#advisories/osv/archive.ts'
import { type ModifiedIndex, newestTime, readModifiedIndex } from '#advisories/osv/index-file.ts'
import { Failure } from '#lib/failure.ts'
import { type BucketWriter, type Held, openBucket, readHeld } from './bucket.ts'
import { type BucketRequest, broken, type FeedUpdate, replayed, type UpdateContext } from './context.ts'
import { bucketState } from './feed-state.ts'
import type { Validators } from './transfer.ts'

/** Above this many changed records the archive is faster than one request for each. */
const maxSingles = 2_000

/** Requests at a time. */
const concurrency = 8

/**
 * Brings the records of one ecosystem up to date: by `modified_id.csv` only what changed, by `all.zip` where that is
 * much, nothing is held, the bucket is a folder or has no such index. Throws `Failure` where the data is broken (see `readRecord`; a
 * record that the index names is not there; most records are gone) or older than what is held.
 */
export async function updateBucket(request: BucketRequest, context: UpdateContext): Promise<FeedUpdate> {
  const { bucket, ecosystem, previous } = request
  const { draft, now } = context
  const feed = `osv/${ecosystem}`
  context.progress({ feed, step: 'check' })
  const known = previous?.from === bucket.from ? previous : undefined
  const answer = await bucket.index(ecosystem, known)
  if (answer === 'unchanged') return { state: bucketState(request, { context, kept: previous! }), changed: 0 }
  if (answer === undefined && !bucket.isCopy)
    throw new Failure('feeds/not-found', `${bucket.from} has no advisories for ${ecosystem}`)
  const index = answer && readModifiedIndex(Buffer.from(answer.bytes).toString('utf8'))
  if (answer !== undefined && index === undefined) throw broken(feed, 'modified_id.csv is damaged')
  const view = draft.view()
  const held: Held = view === undefined ? new Map() : readHeld(view, ecosystem)
  if (index !== undefined) refuseWorse(feed, index, { held, now })
  const validators: Validators = { etag: answer?.etag, lastModified: answer?.lastModified }
  const missing = index && changedIds(index, held, now)
  const gone = index === undefined ? [] : [...held.keys()].filter(id => !index.has(id))
  if (bucket.origin === 'network' && missing?.length === 0 && gone.length === 0 && previous !== undefined)
    return { state: bucketState(request, { context, kept: { ...previous, ...validators } }), changed: 0 }
  const changed = await draft.attempt(async () => {
    const dirty = new Set<string>()
    const writer = openBucket(draft.open(), ecosystem, { dirty, now })
    if (bucket.origin === 'network' && held.size > 0 && missing !== undefined && missing.length <= maxSingles) {
      await takeSingles(missing, writer, request, context)
      for (const id of gone) writer.remove(id)
    } else {
      const newest = await takeArchive(index, writer, request, context)
      if (index === undefined) refuseOlder(feed, newest, { held, now })
    }
    if (index === undefined) refuseShrunk(feed, held.size, writer.held.size)
    for (const id of dirty) context.dirty.add(id)
    if (writer.changes() > 0) draft.touch()
    return writer.changes()
  })
  return { state: bucketState(request, { context, validators }), changed }
}

interface Clock {
  readonly held: Held
  readonly now: Date
}

function refuseOlder(feed: string, offered: string | undefined, { held, now }: Clock): void {
  const times = [...held.values()].map(record => record.modified)
  const newestHeld = newestTime(times, now)
  if (newestHeld !== undefined && (offered === undefined || Date.parse(offered) < Date.parse(newestHeld)))
    throw replayed(feed, offered, newestHeld)
}

function refuseWorse(feed: string, index: ModifiedIndex, { held, now }: Clock): void {
  refuseOlder(feed, newestTime(index.values(), now), { held, now })
  let kept = 0
  for (const id of held.keys()) if (index.has(id)) kept++
  refuseShrunk(feed, held.size, kept)
}

/** Records vanish one by one; a feed that lost half of them is cut off. */
function refuseShrunk(feed: string, before: number, after: number): void {
  if (before >= 20 && after < before / 2) throw broken(feed, `only ${after} of ${before} records are left`)
}

function changedIds(index: ModifiedIndex, held: Held, now: Date): readonly string[] {
  const changed: string[] = []
  for (const [id, modified] of index) {
    const record = held.get(id)
    if (record?.modified === modified) continue
    const time = record === undefined ? undefined : Date.parse(record.modified)
    if (time === undefined || Date.parse(modified) > time || time > now.getTime()) changed.push(id)
  }
  return changed
}

async function takeSingles(
  ids: readonly string[],
  writer: BucketWriter,
  { bucket, ecosystem }: BucketRequest,
  context: UpdateContext,
): Promise<void> {
  const feed = `osv/${ecosystem}`
  for (let at = 0; at < ids.length; at += concurrency) {
    context.signal?.throwIfAborted()
    context.progress({ feed, step: 'read', done: at, total: ids.length })
    const group = ids.slice(at, at + concurrency)
    const files = await Promise.all(group.map(id => bucket.record(ecosystem, id)))
    for (const [offset, bytes] of files.entries()) {
      const id = group[offset]!
      if (bytes === undefined) throw broken(feed, `${id} is listed and not there`)
      guard(feed, () => writer.put(readRecord(bytes, id, ecosystem)))
    }
  }
}

async function takeArchive(
  index: ModifiedIndex | undefined,
  writer: BucketWriter,
  request: BucketRequest,
  context: UpdateContext,
): Promise<string | undefined> {
  const { bucket, ecosystem } = request
  const feed = `osv/${ecosystem}`
  const source = await bucket.archive(ecosystem)
  if (source === undefined) {
    if (index !== undefined) throw broken(feed, 'there is no all.zip')
    throw new Failure('feeds/not-found', `${bucket.from} has no advisories for ${ecosystem}`)
  }
  const seen = new Map<string, string>()
  let isTaken = false
  try {
    const archive = guard(feed, () => openRecordArchive(source, ecosystem))
    const records = archive.records()
    for (let next = guard(feed, () => records.next()); !next.done; next = guard(feed, () => records.next())) {
      writer.put(next.value)
      seen.set(next.value.advisory.id, next.value.advisory.modified)
      if (seen.size % 512 !== 0) continue
      context.progress({ feed, step: 'read', done: seen.size, total: archive.size })
      await nextTurn()
      context.signal?.throwIfAborted()
    }
    isTaken = true
  } finally {
    // A damaged download is of no use either: the next update begins it anew.
    source.close(isTaken || context.signal?.aborted !== true)
  }
  const absent = index === undefined ? [] : [...index.keys()].filter(id => !seen.has(id))
  // The public bucket writes its index more often than its archives.
  const late =
    bucket.origin === 'import' || index === undefined
      ? []
      : [...index].filter(([id, time]) => isLate(seen.get(id), time))
  if (absent.length + late.length > maxSingles)
    throw broken(feed, `${absent.length + late.length} records are listed and not, or only older, in all.zip`)
  await takeSingles([...absent, ...late.map(([id]) => id)], writer, request, context)
  for (const id of [...writer.held.keys()]) if (!seen.has(id) && index?.has(id) !== true) writer.remove(id)
  return newestTime(seen.values(), context.now)
}

function isLate(archived: string | undefined, listed: string): boolean {
  return archived !== undefined && Date.parse(archived) < Date.parse(listed)
}

/** What a reader of foreign data throws means that the data is broken; what the database throws does not. */
function guard<Result>(feed: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof Failure || (error as { code?: unknown }).code === 'ERR_SQLITE_ERROR') throw error
    throw broken(feed, error instanceof Error ? error.message : String(error), error)
  }
}

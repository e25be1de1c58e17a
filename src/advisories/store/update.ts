import { join, resolve } from 'node:path'
import { loadRating } from '#advisories/cvss.ts'
import { baseEcosystem } from '#advisories/names.ts'
import type { HttpClient } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import type { FeedUpdate, UpdateContext, UpdateProgress } from './context.ts'
import { defaultEcosystems } from './default-ecosystems.ts'
import { createDraft, type Draft } from './draft.ts'
import { dateImports } from './feed-state.ts'
import {
  loadManifest,
  prepareFolder,
  publishDraft,
  removeLeftovers,
  saveManifest,
  storeFolder,
  unwritable,
} from './files.ts'
import { lockStore } from './lock.ts'
import type { FeedState, Manifest } from './manifest.ts'
import { isIntact } from './open.ts'
import { limitTime } from './patience.ts'
import { type FeedPlaces, type FeedUrls, listed, placesInFolder, placesOnMirror, placesOnNetwork } from './places.ts'
import { rebuildFlaws } from './rebuild.ts'
import { createIndexes, storeVersion } from './schema.ts'
import { updateBucket } from './update-bucket.ts'
import { factFeeds, updateFacts } from './update-facts.ts'

/** What to update, and from where. */
export interface UpdateOptions {
  /** Sluice's data folder. */
  readonly home: string
  /** A folder with copies of feeds, instead of the network. */
  readonly from?: string
  readonly urls?: FeedUrls
  /** The address of a mirror with all feeds, instead of the public ones; see `placesOnMirror`. */
  readonly mirror?: string
  /** Milliseconds for each source on the network, default 30 minutes. */
  readonly sourceTime?: number
  /**
   * OSV ecosystems (a release is ignored). Default: those in the folder; on a mirror those held and those that it has
   * and Sluice knows; on the network those held, else all that Sluice knows.
   */
  readonly ecosystems?: readonly string[]
  /** Default: one without proxies. */
  readonly client?: Pick<HttpClient, 'request'>
  readonly progress?: (event: UpdateProgress) => void
  readonly signal?: AbortSignal
  readonly now?: () => Date
  /** Milliseconds to wait for another update, default ten minutes. */
  readonly wait?: number
}

/** What became of a feed: `failed` leaves what was held of it in use. */
export interface FeedOutcome {
  readonly feed: string
  readonly state: 'updated' | 'current' | 'failed'
  readonly failure?: Failure
  readonly records?: number
  /** Records added, replaced or removed. */
  readonly changed?: number
}

/** What an update did. */
export interface UpdateResult {
  /** Sorted by feed. */
  readonly outcomes: readonly FeedOutcome[]
  /** Bytes of the store; 0 where there is none still. */
  readonly size: number
}

/**
 * Updates the advisory store. Every feed stands for itself: a broken or unreachable one is reported and what was held
 * of it stays. Readers keep what they have; a crash at any time leaves the old store or the new one. One update runs at
 * a time. Throws `Failure` where nothing could be done at all: the folder cannot be written, has no feeds, is locked.
 */
export async function updateStore(options: UpdateOptions): Promise<UpdateResult> {
  const folder = storeFolder(options.home)
  const progress = options.progress ?? (() => undefined)
  prepareFolder(folder)
  const unlock = await lockStore(folder, {
    wait: options.wait ?? 600_000,
    onWait: () => progress({ feed: 'store', step: 'wait' }),
    signal: options.signal,
  })
  try {
    return await updateLocked(folder, options, progress)
  } catch (error) {
    throw isStorageError(error) ? unwritable(folder, error) : error
  } finally {
    unlock()
  }
}

async function updateLocked(
  folder: string,
  options: UpdateOptions,
  progress: (event: UpdateProgress) => void,
): Promise<UpdateResult> {
  const named = loadManifest(folder)
  const previous = typeof named === 'object' ? named : undefined
  const current = previous !== undefined && isIntact(folder, previous) ? previous : undefined
  removeLeftovers(folder, current)
  const draft = createDraft(folder, current)
  const context: UpdateContext = {
    now: options.now?.() ?? new Date(),
    draft,
    dirty: new Set(),
    progress,
    signal: options.signal,
  }
  try {
    const { places, begin } = await openPlaces(folder, options, progress)
    const ecosystems = await chooseEcosystems(places, options, previous)
    const isNamed = options.ecosystems !== undefined
    const { feeds, outcomes } = await updateFeeds({ places, begin, ecosystems, isNamed, current }, context)
    const size = await publish({ folder, current, feeds }, context)
    return { outcomes, size }
  } finally {
    draft.close(false)
    removeLeftovers(folder, readNamed(folder))
  }
}

function readNamed(folder: string): Manifest | undefined {
  const named = loadManifest(folder)
  return typeof named === 'object' ? named : undefined
}

async function openPlaces(
  folder: string,
  { from, urls, mirror, sourceTime, ...options }: UpdateOptions,
  progress: (event: UpdateProgress) => void,
): Promise<{ readonly places: FeedPlaces; readonly begin: () => void }> {
  if (from !== undefined) return { places: placesInFolder(resolve(from)), begin: () => undefined }
  const requests = options.client ?? (await import('#io/http.ts')).createHttpClient()
  const client = limitTime(requests, sourceTime ?? 30 * 60_000)
  client.begin()
  const network = { client, downloads: join(folder, 'downloads'), progress, signal: options.signal }
  const places = mirror === undefined ? placesOnNetwork(urls ?? {}, network) : await placesOnMirror(mirror, network)
  return { places, begin: client.begin }
}

async function chooseEcosystems(
  { bucket }: FeedPlaces,
  { ecosystems }: UpdateOptions,
  previous: Manifest | undefined,
): Promise<readonly string[]> {
  if (bucket === undefined) return []
  if (ecosystems !== undefined) return [...new Set(ecosystems.map(baseEcosystem))].sort()
  if (bucket.origin === 'import') return bucket.ecosystems()
  const held = Object.keys(previous?.feeds ?? {}).filter(name => name.startsWith('osv/'))
  const names = held.map(name => name.slice(4))
  if (names.length > 0 && !bucket.isCopy) return names.sort()
  const offered = (await listed(bucket)) ?? [...defaultEcosystems]
  return [...new Set([...names, ...offered.filter(name => defaultEcosystems.has(name))])].sort()
}

interface Work {
  readonly places: FeedPlaces
  /** Called before each source. */
  readonly begin: () => void
  readonly ecosystems: readonly string[]
  /** True where a person named the ecosystems. */
  readonly isNamed: boolean
  readonly current: Manifest | undefined
}

async function updateFeeds({ places, begin, ecosystems, isNamed, current }: Work, context: UpdateContext) {
  const feeds = new Map(Object.entries(current?.feeds ?? {}))
  const outcomes: FeedOutcome[] = []
  const copied = new Set<string>()
  const run = async (feed: string, update: () => Promise<FeedUpdate>): Promise<void> => {
    context.signal?.throwIfAborted()
    begin()
    try {
      const { state, changed } = await update()
      feeds.set(feed, state)
      outcomes.push({ feed, state: changed > 0 ? 'updated' : 'current', records: state.records, changed })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const isLacking = error.code === 'feeds/not-found' && places.isPartial && !feeds.has(feed)
      if (isLacking && !(isNamed && feed.startsWith('osv/'))) return
      outcomes.push({ feed, state: 'failed', failure: error })
    }
  }
  for (const ecosystem of ecosystems) {
    const name = `osv/${ecosystem}`
    await run(name, async () => {
      const update = await updateBucket({ bucket: places.bucket!, ecosystem, previous: feeds.get(name) }, context)
      if (places.bucket!.isCopy) copied.add(name)
      return update
    })
  }
  for (const feed of factFeeds) {
    const place = places.facts.get(feed)
    if (place !== undefined) await run(feed, () => updateFacts({ feed, place, previous: feeds.get(feed) }, context))
  }
  if (outcomes.length === 0 && places.bucket !== undefined)
    throw new Failure('feeds/not-found', `There are no advisories at ${places.bucket.from.replace(/\/osv$/, '')}`, {
      hint: 'It should hold a copy of the OSV bucket (npm/all.zip, …), or folders osv, kev, epss and eol.',
    })
  dateImports(feeds, copied, current?.feeds ?? {})
  return { feeds, outcomes: outcomes.sort((a, b) => (a.feed < b.feed ? -1 : 1)) }
}

interface Outcome {
  readonly folder: string
  readonly current: Manifest | undefined
  readonly feeds: ReadonlyMap<string, FeedState>
}

/** Makes the draft the store in use where anything changed, else only notes when that was found. Bytes of the store. */
async function publish({ folder, current, feeds }: Outcome, context: UpdateContext): Promise<number> {
  const { draft, dirty, progress, signal } = context
  const states = Object.fromEntries([...feeds].sort(([a], [b]) => (a < b ? -1 : 1)))
  if (!draft.isTouched()) {
    draft.close(false)
    if (current === undefined) return 0
    await saveManifest(folder, { ...current, feeds: states })
    return current.size
  }
  progress({ feed: 'store', step: 'join', total: dirty.size })
  await finish(draft, dirty)
  signal?.throwIfAborted()
  return (await publishDraft(folder, states, storeVersion)).size
}

async function finish(draft: Draft, dirty: ReadonlySet<string>): Promise<void> {
  const db = draft.open()
  createIndexes(db)
  rebuildFlaws(db, dirty, await loadRating())
  draft.close(true)
}

/** Errors of SQLite and of the file system while the store is written. */
function isStorageError(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return (
    code === 'ERR_SQLITE_ERROR' || (typeof code === 'string' && /^E(?:NOSPC|ROFS|ACCES|PERM|DQUOT|IO|FBIG)$/.test(code))
  )
}

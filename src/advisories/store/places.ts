import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { eol } from '#advisories/eol/index.ts'
import { epss } from '#advisories/epss/index.ts'
import { kev } from '#advisories/kev/index.ts'
import { bucketFolders, directoryBucket, type OsvBucket, remoteBucket } from '#advisories/osv/fetch.ts'
import { osv } from '#advisories/osv/index.ts'
import type { HttpClient } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import type { UpdateProgress } from './context.ts'
import type { FeedPlace } from './transfer.ts'
import type { FactFeed } from './update-facts.ts'

/** Addresses of feeds or of mirrors of them. */
export interface FeedUrls {
  /** Base of a bucket. */
  readonly osv?: string
  readonly kev?: string
  readonly epss?: string
  readonly eol?: string
}

/** Where an update reads from. */
export interface FeedPlaces {
  readonly bucket: OsvBucket | undefined
  readonly facts: ReadonlyMap<FactFeed, FeedPlace>
}

/**
 * The feeds in a folder: whichever of `osv/`, `kev/`, `epss/` and `eol/` it has; or the folder is an OSV bucket itself.
 * Throws `feeds/not-found` where there is none.
 */
export function placesInFolder(root: string): FeedPlaces {
  const bucketRoot = [join(root, 'osv'), root].find(folder => bucketFolders(folder).length > 0)
  const facts = new Map<FactFeed, FeedPlace>()
  const add = (feed: FactFeed, name: string, pattern: RegExp) => {
    const path = findFile(join(root, feed), name, pattern)
    if (path !== undefined) facts.set(feed, { kind: 'file', path })
  }
  add('eol', 'endoflife.json', /\.json$/)
  add('epss', 'epss_scores-current.csv.gz', /^epss_scores-[\w-]{1,20}\.csv(?:\.gz)?$/)
  add('kev', 'known_exploited_vulnerabilities.json', /\.json$/)
  if (bucketRoot === undefined && facts.size === 0)
    throw new Failure('feeds/not-found', `There are no advisories in ${root}`, {
      hint: 'It should hold a copy of the OSV bucket (npm/all.zip, …), or folders osv, kev, epss and eol.',
    })
  return { bucket: bucketRoot === undefined ? undefined : directoryBucket(bucketRoot), facts }
}

/** The file with the name a source gives it, else the last in order that looks like one. */
function findFile(folder: string, name: string, pattern: RegExp): string | undefined {
  if (!existsSync(folder)) return undefined
  const names = readdirSync(folder).filter(one => pattern.test(one))
  const found = names.includes(name) ? name : names.sort().at(-1)
  return found === undefined ? undefined : join(folder, found)
}

/** How public feeds or mirrors are reached. */
export interface NetworkOptions {
  readonly urls: FeedUrls
  readonly client: Pick<HttpClient, 'request'>
  readonly downloads: string
  readonly progress: (event: UpdateProgress) => void
  readonly signal?: AbortSignal
}

/** The public feeds, or mirrors of them. */
export function placesOnNetwork({ urls, client, downloads, progress, signal }: NetworkOptions): FeedPlaces {
  const place = (url: string): FeedPlace => ({ kind: 'network', url, client })
  const bucket = remoteBucket({
    url: (urls.osv ?? osv.url).replace(/\/$/, ''),
    client,
    downloads,
    onProgress: (ecosystem, done, total) => progress({ feed: `osv/${ecosystem}`, step: 'download', done, total }),
    signal,
  })
  const facts = new Map<FactFeed, FeedPlace>([
    ['eol', place(urls.eol ?? eol.url)],
    ['epss', place(urls.epss ?? epss.url)],
    ['kev', place(urls.kev ?? kev.url)],
  ])
  return { bucket, facts }
}

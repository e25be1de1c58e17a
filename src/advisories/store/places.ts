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
  /** True where the place may have been given only some of the feeds: those that it lacks are no failures. */
  readonly isPartial: boolean
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
  add('eol', fileNames.eol, /\.json$/)
  add('epss', fileNames.epss, /^epss_scores-[\w-]{1,20}\.csv(?:\.gz)?$/)
  add('kev', fileNames.kev, /\.json$/)
  if (bucketRoot === undefined && facts.size === 0)
    throw new Failure('feeds/not-found', `There are no advisories in ${root}`, {
      hint: 'It should hold a copy of the OSV bucket (npm/all.zip, …), or folders osv, kev, epss and eol.',
    })
  return { isPartial: true, bucket: bucketRoot === undefined ? undefined : directoryBucket(bucketRoot), facts }
}

/** What the sources call their files. */
const fileNames: Readonly<Record<FactFeed, string>> = {
  eol: 'endoflife.json',
  epss: 'epss_scores-current.csv.gz',
  kev: 'known_exploited_vulnerabilities.json',
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
  readonly client: Pick<HttpClient, 'request'>
  readonly downloads: string
  readonly progress: (event: UpdateProgress) => void
  readonly signal?: AbortSignal
}

/** The public feeds, or others that are as current. */
export function placesOnNetwork(urls: FeedUrls, options: NetworkOptions): FeedPlaces {
  const place = (url: string): FeedPlace => ({ kind: 'network', url, client: options.client, isCopy: false })
  const bucket = bucketAt(urls.osv ?? osv.url, { ...options, isCopy: false })
  const facts = new Map<FactFeed, FeedPlace>([
    ['eol', place(urls.eol ?? eol.url)],
    ['epss', place(urls.epss ?? epss.url)],
    ['kev', place(urls.kev ?? kev.url)],
  ])
  return { isPartial: false, bucket, facts }
}

/**
 * A mirror of the feeds over HTTP, in the layout of `placesInFolder`: `osv/`, `kev/`, `epss/` and `eol/` below its
 * address, whichever it has; or the address is an OSV bucket itself, told by its `ecosystems.txt`.
 */
export async function placesOnMirror(mirror: string, options: NetworkOptions): Promise<FeedPlaces> {
  const base = mirror.replace(/(?<!\/)\/+$/, '')
  const inside = bucketAt(`${base}/osv`, { ...options, isCopy: true })
  const itself = bucketAt(base, { ...options, isCopy: true })
  const isBucket = !(await isListed(inside)) && (await isListed(itself))
  const place = (feed: FactFeed): readonly [FactFeed, FeedPlace] => [
    feed,
    { kind: 'network', url: `${base}/${feed}/${fileNames[feed]}`, client: options.client, isCopy: true },
  ]
  const facts = new Map<FactFeed, FeedPlace>([place('eol'), place('epss'), place('kev')])
  return { isPartial: true, bucket: isBucket ? itself : inside, facts }
}

/** True where the bucket has a list of its ecosystems. */
async function isListed(bucket: OsvBucket): Promise<boolean> {
  return (await listed(bucket)) !== undefined
}

/** Ecosystems on offer, or undefined where a copy has no list of them. */
export async function listed(bucket: OsvBucket): Promise<readonly string[] | undefined> {
  try {
    return await bucket.ecosystems()
  } catch (error) {
    if (bucket.isCopy && error instanceof Failure && error.code === 'feeds/not-found') return undefined
    throw error
  }
}

function bucketAt(url: string, { isCopy, ...options }: NetworkOptions & { readonly isCopy: boolean }): OsvBucket {
  const { client, downloads, progress, signal } = options
  return remoteBucket({
    url: url.replace(/\/$/, ''),
    client,
    isCopy,
    downloads,
    onProgress: (ecosystem, done, total) => progress({ feed: `osv/${ecosystem}`, step: 'download', done, total }),
    signal,
  })
}

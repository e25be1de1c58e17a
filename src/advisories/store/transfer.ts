import { readFile, stat } from 'node:fs/promises'
import { type HttpClient, type HttpResponse, readBody } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import { isMissing } from './files.ts'

/** Where a feed's file is. */
export type FeedPlace =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'network'
      readonly url: string
      readonly client: Pick<HttpClient, 'request'>
      /** True where it is a mirror's: nobody says how long ago that was made. */
      readonly isCopy: boolean
    }

/** What the source said of a file when it was last taken. */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

/** A file of a feed, whole. */
export interface Transferred extends Validators {
  readonly bytes: Uint8Array
}

/** How a file is asked for. */
export interface TransferOptions {
  readonly maxBytes: number
  /** Asks only for what changed since. */
  readonly previous?: Validators
  readonly signal?: AbortSignal
}

/** A whole file; `unchanged` where the source says so; undefined where it has none. Throws `Failure`. */
export async function transfer(
  place: FeedPlace,
  options: TransferOptions,
): Promise<Transferred | 'unchanged' | undefined> {
  return place.kind === 'file' ? readLocal(place.path, options) : readRemote(place, options)
}

async function readLocal(path: string, { maxBytes }: TransferOptions): Promise<Transferred | undefined> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw new Failure('feeds/broken', `${path} is larger than ${maxBytes} bytes`)
    return { bytes: await readFile(path) }
  } catch (error) {
    if (error instanceof Failure) throw error
    if (isMissing(error)) return undefined
    throw new Failure('feeds/unreadable', `${path} cannot be read`, { cause: error })
  }
}

async function readRemote(
  place: FeedPlace & { readonly kind: 'network' },
  { maxBytes, previous, signal }: TransferOptions,
): Promise<Transferred | 'unchanged' | undefined> {
  const headers = conditions(previous)
  const response = await place.client.request({ url: place.url, headers, signal })
  if (response.status === 200) return { bytes: await readBody(response, maxBytes), ...validatorsOf(response) }
  response.discard()
  if (response.status === 304 && previous !== undefined) return 'unchanged'
  if (response.status === 404 || response.status === 410) return undefined
  throw statusFailure(place.url, response.status)
}

/** Headers that ask for what changed since; none where nothing is known. */
function conditions(previous: Validators | undefined): Record<string, string> {
  if (previous?.etag !== undefined) return { 'if-none-match': previous.etag }
  return previous?.lastModified === undefined ? {} : { 'if-modified-since': previous.lastModified }
}

/** What a response says about the version it carries. */
export function validatorsOf(response: HttpResponse): Validators {
  const { etag, 'last-modified': lastModified } = response.headers
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) }
}

/** The failure for an answer that is neither the file nor "there is none". */
export function statusFailure(url: string, status: number): Failure {
  const { host, pathname } = new URL(url)
  return new Failure('http/status', `${host}${pathname} answered with status ${status}`)
}

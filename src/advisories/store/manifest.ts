import { createHash } from 'node:crypto'
import { asObject, asString, member, parseJson } from '#lib/json.ts'
import { storeVersion } from './schema.ts'

/** What is known of one feed: `osv/<Ecosystem>`, `kev`, `epss` or `eol`. Times are RFC 3339. */
export interface FeedState {
  readonly origin: 'network' | 'import'
  /** The address or folder it came from. */
  readonly from: string
  /** When its content was last taken over. */
  readonly fetched: string
  /** When its source last said that this is the newest. */
  readonly checked: string
  /** The newest record that is not from the future. */
  readonly newest?: string
  /** Up to when the data is known to be current. */
  readonly asOf?: string
  /** Rows held, silent ones included. */
  readonly records: number
  /** Of these, withdrawn ones and others that say nothing. */
  readonly silent: number
  /** Over the content: the same on every machine. */
  readonly digest: string
  /** For asking the source whether it changed. */
  readonly etag?: string
  readonly lastModified?: string
}

/** What names the current store: the one file that is swapped. */
export interface Manifest {
  readonly version: number
  /** File name of the database, beside this one. */
  readonly file: string
  /** SHA-256 of the database, hexadecimal. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** What `stat` said when the database was last compared with its SHA-256: who writes to it changes that. */
  readonly stat: string
  readonly feeds: Readonly<Record<string, FeedState>>
}

/** The manifest as text, with a checksum over it. */
export function writeManifest(manifest: Manifest): string {
  const content = JSON.stringify(manifest)
  return `${JSON.stringify({ checksum: checksumOf(content), content })}\n`
}

/** `damaged`: not what was written; `version`: whole, but of another version of Sluice. */
export type ManifestFault = 'damaged' | 'version'

/** Reads a manifest again. */
export function readManifest(text: string): Manifest | ManifestFault {
  try {
    const outer = parseJson(text)
    const content = asString(member(outer, 'content'))
    if (content === undefined || member(outer, 'checksum') !== checksumOf(content)) return 'damaged'
    const manifest = parseJson(content)
    if (member(manifest, 'version') !== storeVersion) return 'version'
    return isManifest(manifest) ? manifest : 'damaged'
  } catch {
    return 'damaged'
  }
}

function isManifest(value: unknown): value is Manifest {
  const file = asString(member(value, 'file')) ?? ''
  const sha256 = asString(member(value, 'sha256')) ?? ''
  const isNamed = /^advisories-[0-9a-f]{16}\.db$/.test(file) && /^[0-9a-f]{64}$/.test(sha256)
  return isNamed && typeof member(value, 'size') === 'number' && asObject(member(value, 'feeds')) !== undefined
}

function checksumOf(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}

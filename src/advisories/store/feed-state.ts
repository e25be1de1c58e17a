import { newestTime } from '#advisories/osv/index-file.ts'
import type { BucketRequest, UpdateContext } from './context.ts'
import type { FeedState } from './manifest.ts'
import type { Validators } from './transfer.ts'

/** What is noted of a bucket folder after an update: `kept` where its records stayed as they were. */
export function bucketState(
  { bucket, ecosystem }: Pick<BucketRequest, 'bucket' | 'ecosystem'>,
  {
    context,
    kept,
    validators,
  }: { readonly context: UpdateContext; readonly kept?: FeedState; readonly validators?: Validators },
): FeedState {
  const now = context.now.toISOString()
  if (kept !== undefined) return { ...kept, checked: now, ...(bucket.isCopy ? {} : { asOf: now }) }
  const rows = [
    ...context.draft
      .open()
      .prepare('SELECT r.modified, o.hash FROM record r JOIN origin o ON o.record = r.key WHERE r.bucket = ?')
      .iterate(ecosystem),
  ]
  const hashes = rows.flatMap(row => (row.hash === null ? [] : [row.hash as string]))
  const newest = newestTime(
    rows.map(row => row.modified as string),
    context.now,
  )
  return {
    origin: bucket.origin,
    from: bucket.from,
    fetched: now,
    checked: now,
    newest,
    asOf: bucket.isCopy ? undefined : now,
    records: rows.length,
    silent: rows.length - hashes.length,
    digest: digestOf(hashes),
    ...validators,
  }
}

const modulus = 2n ** 256n

/** The sum of SHA-256 values: the same in whatever order, and different for different records. */
function digestOf(hashes: readonly string[]): string {
  let sum = 0n
  for (const hash of hashes) sum += BigInt(`0x${hash}`)
  return (sum % modulus).toString(16).padStart(64, '0')
}

/**
 * Times of copies: how current a mirror is, its newest record anywhere in it tells (a quiet ecosystem is not an old
 * one). A folder imported again with the same content keeps the later of its times.
 */
export function dateImports(
  feeds: Map<string, FeedState>,
  imported: ReadonlySet<string>,
  previous: Readonly<Record<string, FeedState>>,
): void {
  const times = [...imported].flatMap(name => feeds.get(name)?.newest ?? [])
  const newest = times.toSorted((a, b) => Date.parse(b) - Date.parse(a))[0]
  for (const name of imported) {
    const state = feeds.get(name)!
    const before = Object.hasOwn(previous, name) ? previous[name] : undefined
    const isSame = before?.digest === state.digest && before.asOf !== undefined
    const isLater = isSame && (newest === undefined || Date.parse(before.asOf!) > Date.parse(newest))
    feeds.set(name, { ...state, asOf: isLater ? before.asOf : newest })
  }
}

import type { FileHandle, FileProblem } from '#ecosystems/types.ts'
import { asProblem, Damage } from './damage.ts'
import { maxHeaderBytes } from './header.ts'
import { type ReadAt, viewOf, windowed } from './window.ts'

/** `DB_HASHMAGIC`: the file holds a hash table. */
const hashMagic = 0x061561

/** Bytes before the index of a page. */
const pageHeader = 26

/** Page types that are used here; 2 is the unsorted hash page that older releases wrote. */
const pageTypes = { hashUnsorted: 2, overflow: 7, hashMeta: 8, hash: 13 }

/** Item types on a hash page. */
const itemTypes = { keyData: 1, offPage: 3 }

interface Database {
  readonly read: ReadAt
  readonly pageSize: number
  readonly littleEndian: boolean
  /** Number of whole pages, the first included. */
  readonly pages: number
  /** Overflow pages that were read: each belongs to one item. */
  readonly used: Uint8Array
  /** Hash pages that were walked, as 1. */
  readonly hashed: Uint8Array
}

/** What the first page says of where things are. */
interface Meta {
  readonly lastPage: number
  /** The page of each bucket, lowest first. */
  readonly buckets: () => Generator<number>
}

/** True where the file begins as a BerkeleyDB hash table of either byte order does. */
export function isBerkeleyHash(head: Uint8Array): boolean {
  if (head.length < 16) return false
  const view = viewOf(head)
  return view.getUint32(12, true) === hashMagic || view.getUint32(12, false) === hashMagic
}

/**
 * The header blobs of a BerkeleyDB hash `Packages` (rpm up to 4.15), and a problem for each that could not be read. The
 * layout is that of Berkeley DB's `dbinc/db_page.h`; pages are walked in file order, which visits every bucket and its
 * chain exactly once. Throws `Damage` where the first page makes no sense.
 */
export function* readBerkeleyHash(file: FileHandle): Generator<Uint8Array | FileProblem> {
  const { database, meta } = openDatabase(file)
  const { lastPage } = meta
  const following: number[] = []
  if (lastPage >= database.pages)
    yield { code: 'truncated', detail: `The database ends at page ${database.pages} of ${lastPage + 1}` }
  for (let number = 1; number <= Math.min(lastPage, database.pages - 1); number++) {
    const page = database.read(number * database.pageSize, database.pageSize)
    const type = page[pageHeader - 1]
    if (type !== pageTypes.hash && type !== pageTypes.hashUnsorted) continue
    database.hashed[number] = 1
    const next = viewOf(page).getUint32(16, database.littleEndian)
    if (next !== 0) following.push(next)
    yield* readHashPage(database, page)
  }
  const lost = countLost(database, meta, following)
  if (lost > 0) yield { code: 'unreadable', detail: `${lost} pages that should hold packages are something else` }
}

/** Pages that buckets or the pages before them lead to, and that are no hash pages: every one that is in use is. */
function countLost({ hashed, pages }: Database, { buckets }: Meta, following: readonly number[]): number {
  let lost = 0
  for (const number of buckets()) {
    if (hashed[number] !== 1) lost++
    if (lost > pages) break
  }
  for (const number of following) if (hashed[number] !== 1) lost++
  return lost
}

/**
 * Buckets come in groups that double: group 0 is bucket 0, group n the buckets from 2 to the power of n-1 on, and each
 * group lies in one piece, `spares[n]` pages after the numbers of its buckets (`BS_TO_PAGE` of `dbinc/hash.h`).
 */
function* bucketPages(view: DataView, littleEndian: boolean): Generator<number> {
  const last = view.getUint32(72, littleEndian)
  for (let bucket = 0; bucket <= last; bucket++) {
    const group = bucket === 0 ? 0 : 32 - Math.clz32(bucket)
    yield bucket + view.getUint32(96 + 4 * Math.min(group, 31), littleEndian)
  }
}

function openDatabase(file: FileHandle): { database: Database; meta: Meta } {
  const read = windowed(file)
  const meta = read(0, 512)
  if (meta.length < 512) throw new Damage('truncated', 'The database is shorter than its first page')
  if (!isBerkeleyHash(meta)) throw new Damage('unsupported', 'The file is not a Berkeley DB hash table')
  const view = viewOf(meta)
  const littleEndian = view.getUint32(12, true) === hashMagic
  const pageSize = view.getUint32(20, littleEndian)
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
    throw new Damage('unreadable', `A page size of ${pageSize} is not possible`)
  if (meta[24] !== 0) throw new Damage('encrypted', 'The database is encrypted')
  if (meta[25] !== pageTypes.hashMeta) throw new Damage('unreadable', 'The first page does not describe a hash table')
  // Checksums would lengthen every page's header; rpm never asked for them.
  if ((meta[26]! & 1) !== 0) throw new Damage('unsupported', 'Pages with checksums are not read')
  const pages = Math.floor(file.size / pageSize)
  return {
    database: { read, pageSize, littleEndian, pages, used: new Uint8Array(pages), hashed: new Uint8Array(pages) },
    meta: { lastPage: view.getUint32(32, littleEndian), buckets: () => bucketPages(view, littleEndian) },
  }
}

function* readHashPage(database: Database, page: Uint8Array): Generator<Uint8Array | FileProblem> {
  const { pageSize, littleEndian } = database
  const view = viewOf(page)
  const entries = view.getUint16(20, littleEndian)
  if (pageHeader + entries * 2 > pageSize) {
    yield { code: 'unreadable', detail: `A page with ${entries} entries is not possible` }
    return
  }
  // Items fill the page from its end, so each ends where the one before begins: key, data, key, data.
  let end = pageSize
  let key: Uint8Array = page.subarray(0, 0)
  for (let entry = 0; entry < entries; entry++) {
    const start = view.getUint16(pageHeader + entry * 2, littleEndian)
    if (start < pageHeader + entries * 2 || start >= end) {
      yield { code: 'unreadable', detail: 'The entries of a page overlap' }
      return
    }
    const item = page.subarray(start, end)
    end = start
    if (entry % 2 === 0) key = item
    else if (!isCounter(key)) {
      try {
        yield readItem(database, item)
      } catch (error) {
        yield asProblem(error)
      }
    }
  }
}

/** Key 0 holds the highest header number, not a header. */
function isCounter(key: Uint8Array): boolean {
  return key[0] === itemTypes.keyData && key.length === 5 && key.subarray(1).every(byte => byte === 0)
}

function readItem(database: Database, item: Uint8Array): Uint8Array {
  if (item[0] === itemTypes.keyData) return item.slice(1)
  if (item[0] !== itemTypes.offPage) throw new Damage('unsupported', `Items of type ${item[0]} are not read`)
  if (item.length < 12) throw new Damage('truncated', 'A reference to overflow pages is cut off')
  const view = viewOf(item)
  return readChain(database, view.getUint32(4, database.littleEndian), view.getUint32(8, database.littleEndian))
}

function readChain(database: Database, first: number, length: number): Uint8Array {
  const { pageSize, littleEndian, pages, used } = database
  if (length > maxHeaderBytes) throw new Damage('limit', `A header of ${length} bytes is larger than ${maxHeaderBytes}`)
  if (length > pages * pageSize) throw new Damage('truncated', `A header of ${length} bytes is larger than its file`)
  const result = new Uint8Array(length)
  let filled = 0
  for (let number = first; filled < length; ) {
    if (number === 0 || number >= pages) throw new Damage('truncated', 'A chain of overflow pages breaks off')
    if (used[number] === 1) throw new Damage('unreadable', 'Chains of overflow pages meet')
    used[number] = 1
    const page = database.read(number * pageSize, pageSize)
    if (page[pageHeader - 1] !== pageTypes.overflow)
      throw new Damage('unreadable', 'A chain of overflow pages leaves them')
    const view = viewOf(page)
    const count = Math.min(view.getUint16(22, littleEndian), pageSize - pageHeader, length - filled)
    result.set(page.subarray(pageHeader, pageHeader + count), filled)
    filled += count
    number = view.getUint32(16, littleEndian)
  }
  return result
}

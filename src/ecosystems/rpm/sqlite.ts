import type { FileHandle, FileProblem } from '#ecosystems/types.ts'
import { decodeText } from '#lib/text.ts'
import { asProblem, Damage } from './damage.ts'
import { parseRecord, readVarint, type SqliteValue } from './sqlite-record.ts'
import { type ReadAt, viewOf, windowed } from './window.ts'

/** Rows larger than this are refused. */
const maxRowBytes = 256 * 1024 * 1024

/** Trees deeper than this are refused: SQLite's own stay below 10. */
const maxDepth = 40

interface Database {
  readonly read: ReadAt
  readonly pageSize: number
  /** Bytes of a page that SQLite uses. */
  readonly usable: number
  readonly pages: number
  /** Pages that were read: a page belongs to one tree or one row only. */
  readonly used: Uint8Array
  /** Bytes of rows that may still be read: rows do not overlap, so together they are smaller than the file. */
  budget: number
}

/** True where the file begins as an SQLite 3 database does. */
export function isSqlite(head: Uint8Array): boolean {
  return decodeText(head.subarray(0, 16)) === 'SQLite format 3\u0000'
}

/**
 * The rows of one rowid table in rowid order (columns in order of definition; the alias of the rowid is null), and a
 * problem for each part that could not be read. Read-only and without indexes: pages, overflow chains and the schema
 * table of https://www.sqlite.org/fileformat2.html. Linear in the size of the file whatever it says. Throws `Damage`
 * where the first page makes no sense or there is no such table.
 */
export function* readSqliteTable(file: FileHandle, table: string): Generator<readonly SqliteValue[] | FileProblem> {
  const database = openDatabase(file)
  let root: number | undefined
  for (const row of walk(database, 1)) {
    if ('code' in row) yield row
    else if (isText(row[0], 'table') && isText(row[1], table) && typeof row[3] === 'number') root = row[3]
  }
  if (root === undefined) throw new Damage('unreadable', `The database has no table ${table}`)
  yield* walk(database, root)
}

function isText(value: SqliteValue | undefined, text: string): boolean {
  return value instanceof Uint8Array && value.length <= 1000 && decodeText(value) === text
}

function openDatabase(file: FileHandle): Database {
  const read = windowed(file)
  const header = read(0, 100)
  if (!isSqlite(header)) throw new Damage('unsupported', 'The file is not an SQLite database')
  if (header.length < 100) throw new Damage('truncated', 'The database is shorter than its header')
  const view = viewOf(header)
  const size = view.getUint16(16)
  const pageSize = size === 1 ? 65_536 : size
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0)
    throw new Damage('unreadable', `A page size of ${pageSize} is not possible`)
  if (header[19]! > 2) throw new Damage('unsupported', `SQLite file format ${header[19]} is not known`)
  const usable = pageSize - header[20]!
  if (usable < 480) throw new Damage('unreadable', `Pages of ${usable} usable bytes are not possible`)
  if (view.getUint32(56) > 1) throw new Damage('unsupported', 'Only UTF-8 databases are read')
  const pages = Math.floor(file.size / pageSize)
  return { read, pageSize, usable, pages, used: new Uint8Array(pages + 1), budget: file.size }
}

/** All rows below one page, depth first, without recursion. */
function* walk(database: Database, root: number): Generator<readonly SqliteValue[] | FileProblem> {
  const stack: { readonly number: number; readonly depth: number }[] = [{ number: root, depth: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    try {
      const { depth } = next
      const page = takePage(database, next.number)
      const start = next.number === 1 ? 100 : 0
      const type = page[start]
      // SQLite itself takes a page below the root without a cell for damage (`getAndInitPage` of its `btree.c`).
      if (next.number !== root && viewOf(page).getUint16(start + 3) === 0)
        throw new Damage('unreadable', `Page ${next.number} is empty`)
      if (type === 0x0d) yield* readLeaf(database, page, start)
      else if (type !== 0x05) throw new Damage('unreadable', `Page ${next.number} is not part of a table`)
      else if (depth >= maxDepth) throw new Damage('limit', `The table is deeper than ${maxDepth} pages`)
      else for (const number of children(page, start).reverse()) stack.push({ number, depth: depth + 1 })
    } catch (error) {
      yield asProblem(error)
      if (database.budget < 0) return
    }
  }
}

/** The page of that number, once. */
function takePage(database: Database, number: number): Uint8Array {
  if (number < 1 || number > database.pages)
    throw new Damage('truncated', `Page ${number} lies outside the database of ${database.pages} pages`)
  if (database.used[number] === 1) throw new Damage('unreadable', `Page ${number} is used twice`)
  database.used[number] = 1
  return database.read((number - 1) * database.pageSize, database.pageSize)
}

function children(page: Uint8Array, start: number): number[] {
  const view = viewOf(page)
  const result: number[] = []
  for (const cell of cellPointers(page, start, 12)) {
    if (cell + 4 > page.length) throw new Damage('unreadable', 'A cell lies outside its page')
    result.push(view.getUint32(cell))
  }
  result.push(view.getUint32(start + 8))
  return result
}

function cellPointers(page: Uint8Array, start: number, headerSize: number): number[] {
  const view = viewOf(page)
  const count = view.getUint16(start + 3)
  if (start + headerSize + count * 2 > page.length)
    throw new Damage('unreadable', `A page with ${count} cells is not possible`)
  return Array.from({ length: count }, (_, index) => view.getUint16(start + headerSize + index * 2))
}

function* readLeaf(
  database: Database,
  page: Uint8Array,
  start: number,
): Generator<readonly SqliteValue[] | FileProblem> {
  for (const cell of cellPointers(page, start, 8)) {
    try {
      yield parseRecord(readPayload(database, page, cell))
    } catch (error) {
      yield asProblem(error)
      if (database.budget < 0) return
    }
  }
}

function readPayload(database: Database, page: Uint8Array, cell: number): Uint8Array {
  const size = readVarint(page, cell)
  const rowid = readVarint(page, size.next)
  const start = rowid.next
  const length = size.value
  if (length > maxRowBytes) throw new Damage('limit', `A row of ${length} bytes is larger than ${maxRowBytes}`)
  const local = localBytes(length, database.usable)
  if (start + local + (local < length ? 4 : 0) > database.usable)
    throw new Damage('unreadable', 'A row lies outside its page')
  if (length > database.pages * database.pageSize)
    throw new Damage('truncated', `A row of ${length} bytes is larger than its file`)
  database.budget -= length
  if (database.budget < 0) throw new Damage('limit', 'The rows are together larger than the file')
  if (local === length) return page.subarray(start, start + length)
  const result = new Uint8Array(length)
  result.set(page.subarray(start, start + local))
  let number = viewOf(page).getUint32(start + local)
  for (let filled = local; filled < length; ) {
    const overflow = takePage(database, number)
    const count = Math.min(database.usable - 4, length - filled)
    result.set(overflow.subarray(4, 4 + count), filled)
    filled += count
    number = viewOf(overflow).getUint32(0)
  }
  return result
}

/** Bytes of a row that lie on its own leaf page; the rest is on overflow pages. */
function localBytes(length: number, usable: number): number {
  const most = usable - 35
  if (length <= most) return length
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const fitting = least + ((length - least) % (usable - 4))
  return fitting <= most ? fitting : least
}

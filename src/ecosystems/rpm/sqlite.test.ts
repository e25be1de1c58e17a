import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { FileProblem } from '#ecosystems/types.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { readSqliteTable } from './sqlite.ts'
import { parseRecord, readVarint, type SqliteValue } from './sqlite-record.ts'

const rows = new Uint8Array(gunzipSync(readFileSync(new URL('fixtures/rows.sqlite.gz', import.meta.url))))
const pageSize = 512

function readTable(bytes: Uint8Array, table = 'Packages'): (readonly SqliteValue[] | FileProblem)[] {
  return [...readSqliteTable(fileHandle('rpmdb.sqlite', bytes), table)]
}

function blobs(items: readonly (readonly SqliteValue[] | FileProblem)[]): string[] {
  return items.flatMap(item => ('code' in item ? [] : [Buffer.from(item[1] as Uint8Array).toString()]))
}

function problems(items: readonly (readonly SqliteValue[] | FileProblem)[]): FileProblem[] {
  return items.flatMap(item => ('code' in item ? [item] : []))
}

function patched(change: (view: DataView, page: (number: number) => number) => void): Uint8Array {
  const copy = rows.slice()
  change(new DataView(copy.buffer), number => (number - 1) * pageSize)
  return copy
}

/** The first page of a type, by number. */
function pageOfType(type: number): number {
  for (let number = 2; number * pageSize <= rows.length; number++)
    if (rows[(number - 1) * pageSize] === type) return number
  throw new Error(`no page of type ${type}`)
}

/** The number of a leaf page of the table, found through the first cell of a page above. */
function leafOfTable(): number {
  const view = new DataView(rows.buffer)
  for (let number = 2; ; number++) {
    const page = (number - 1) * pageSize
    if (rows[page] !== 0x05) continue
    const child = view.getUint32(page + view.getUint16(page + 12))
    if (rows[(child - 1) * pageSize] === 0x0d) return child
  }
}

const expected = Array.from({ length: 1300 }, (_, index) => index + 1)
  .filter(number => number % 10 !== 0)
  .map(number =>
    String(number)
      .padStart(4, '0')
      .repeat(300)
      .slice(0, number - 1),
  )

describe('ecosystems/rpm/sqlite.ts', () => {
  it('reads every row of every length, in order', () => {
    const items = readTable(rows)

    expect(problems(items)).toEqual([])
    expect(blobs(items)).toEqual(expected)
  })

  it('reads all kinds of values', () => {
    const items = readTable(rows, 'Other')

    expect(items).toEqual([
      [new TextEncoder().encode('text'), 1.5, -3],
      [null, 0, 1],
    ])
  })

  it('refuses a file without the table', () => {
    expect(() => readTable(rows, 'Nothing')).toThrow('has no table Nothing')
  })

  it.each([
    ['an impossible page size', (view: DataView) => view.setUint16(16, 1000), 'page size of 1000'],
    ['too many reserved bytes', (view: DataView) => view.setUint8(20, 100), 'usable bytes'],
    ['another text encoding', (view: DataView) => view.setUint32(56, 2), 'UTF-8'],
    ['a future format', (view: DataView) => view.setUint8(19, 3), 'format 3'],
  ])('refuses %s', (_, change, message) => {
    const bytes = patched(change)

    expect(() => readTable(bytes)).toThrow(message)
  })

  it('ends on a tree that leads back into itself, and keeps the rest', () => {
    const interior = pageOfType(0x05)
    const bytes = patched((view, page) => view.setUint32(page(interior) + 8, interior))

    const items = readTable(bytes)

    expect(problems(items).map(problem => problem.detail)).toEqual([`Page ${interior} is used twice`])
    expect(blobs(items).length).toBeGreaterThan(0)
  })

  it('loses only the rows of a broken page', () => {
    const leaf = leafOfTable()
    const bytes = patched((view, page) => view.setUint8(page(leaf), 0x77))

    const items = readTable(bytes)

    expect(problems(items)).toHaveLength(1)
    expect(blobs(items).length).toBeGreaterThan(1000)
  })

  it('tells of a page below the root that lost its cells', () => {
    const leaf = leafOfTable()
    const items = readTable(patched((view, page) => view.setUint16(page(leaf) + 3, 0)))

    expect(blobs(items).length).toBeLessThan(expected.length)
    expect(problems(items)).toEqual([{ code: 'unreadable', detail: `Page ${leaf} is empty` }])
  })

  it('does not believe in rows that are larger than the file', () => {
    const leaf = leafOfTable()
    const bytes = patched((view, page) => {
      const cell = page(leaf) + view.getUint16(page(leaf) + 8)
      for (let index = 0; index < 4; index++) view.setUint8(cell + index, index < 3 ? 0xbf : 0x7f)
    })

    const items = readTable(bytes)

    expect(problems(items).length).toBeGreaterThan(0)
  })

  it('is bounded where many cells point at one row', () => {
    const leaf = leafOfTable()
    const bytes = patched((view, page) => {
      const first = view.getUint16(page(leaf) + 8)
      view.setUint16(page(leaf) + 3, 200)
      for (let index = 0; index < 200; index++) view.setUint16(page(leaf) + 8 + index * 2, first)
    })

    const items = readTable(bytes)

    expect(items.length).toBeLessThan(3000)
  })
})

describe('ecosystems/rpm/sqlite-record.ts', () => {
  it.each([
    [[0x00], 0, 1],
    [[0x7f], 127, 1],
    [[0x81, 0x00], 128, 2],
    [[0x82, 0x80, 0x00], 32_768, 3],
    [[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x05], 5, 9],
  ])('reads the number of %j', (bytes, value, next) => {
    expect(readVarint(new Uint8Array(bytes), 0)).toEqual({ value, next })
  })

  it.each([
    ['empty', []],
    ['cut off in a number', [0x82]],
    ['longer header than row', [0x7f, 1]],
    ['longer value than row', [2, 6, 0]],
    ['an unknown type', [2, 10]],
  ])('refuses a row that is %s', (_, bytes) => {
    expect(() => parseRecord(new Uint8Array(bytes))).toThrow()
  })
})

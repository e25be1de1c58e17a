import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { FileProblem } from '#ecosystems/types.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { readBerkeleyHash } from './bdb.ts'

const rows = new Uint8Array(gunzipSync(readFileSync(new URL('fixtures/rows.bdb.gz', import.meta.url))))
const pageSize = 512

function readAll(bytes: Uint8Array): { values: string[]; problems: FileProblem[] } {
  const items = [...readBerkeleyHash(fileHandle('Packages', bytes))]
  return {
    values: items.flatMap(item => (item instanceof Uint8Array ? [Buffer.from(item).toString()] : [])),
    problems: items.flatMap(item => (item instanceof Uint8Array ? [] : [item])),
  }
}

function patched(change: (view: DataView) => void): Uint8Array {
  const copy = rows.slice()
  change(new DataView(copy.buffer))
  return copy
}

/** Where the n-th page of a type starts. */
function pageOfType(type: number, nth = 0): number {
  for (let at = pageSize; at < rows.length; at += pageSize) if (rows[at + 25] === type && nth-- === 0) return at
  throw new Error(`no page of type ${type}`)
}

describe('ecosystems/rpm/bdb.ts', () => {
  it('reads values of every length, inside hash pages and in overflow chains', () => {
    const { values, problems } = readAll(rows)

    const expected = Array.from({ length: 900 }, (_, index) =>
      String(index + 1)
        .padStart(4, '0')
        .repeat(250)
        .slice(0, index + 1),
    )
    expect(problems).toEqual([])
    expect(values.sort()).toEqual(expected.sort())
  })

  it.each([
    ['no page size', (view: DataView) => view.setUint32(20, 0, true), 'page size of 0'],
    ['an odd page size', (view: DataView) => view.setUint32(20, 1000, true), 'page size of 1000'],
    ['encryption', (view: DataView) => view.setUint8(24, 1), 'encrypted'],
    ['a tree', (view: DataView) => view.setUint8(25, 9), 'hash table'],
    ['checksums', (view: DataView) => view.setUint8(26, 1), 'checksums'],
  ])('refuses %s', (_, change, message) => {
    const bytes = patched(change)

    expect(() => readAll(bytes)).toThrow(message)
  })

  it.each([
    ['itself', 0],
    ['page 0', 1],
    ['a page past the end', 2],
    ['a hash page', 3],
  ])('ends on a chain that leads to %s, and keeps the rest', (_, which) => {
    const overflow = pageOfType(7)
    const targets = [overflow / pageSize, 0, 0xffffffff, pageOfType(13) / pageSize]
    const bytes = patched(view => view.setUint32(overflow + 16, targets[which]!, true))

    const { values, problems } = readAll(bytes)

    expect(values.length + problems.length).toBe(900)
    expect(problems.length).toBeLessThanOrEqual(2)
  })

  it('tells of every bucket and page of a chain that is no hash page', () => {
    const results = [0, 1, 2].map(nth => {
      const page = pageOfType(13, nth)
      return readAll(patched(view => new Uint8Array(view.buffer, page, pageSize).fill(0)))
    })

    for (const { values, problems } of results) {
      expect(values.length).toBeLessThan(900)
      expect(problems.map(({ code }) => code)).toContain('unreadable')
    }
  })

  it('ends on pages without content', () => {
    const bytes = patched(view => {
      for (let at = pageSize; at < rows.length; at += pageSize)
        if (rows[at + 25] === 7) view.setUint16(at + 22, 0, true)
    })

    const { values, problems } = readAll(bytes)

    expect(values.length + problems.length).toBe(900)
    expect(problems.length).toBeGreaterThan(500)
  })

  it('does not believe in values that are larger than the file or than any header', () => {
    const page = pageOfType(13)
    const entries = new DataView(rows.buffer).getUint16(page + 20, true)
    const items = Array.from(
      { length: entries },
      (_, index) => page + new DataView(rows.buffer).getUint16(page + 26 + index * 2, true),
    )
    const reference = items.find(at => rows[at] === 3)!
    const lengths = [rows.length + 1, 0xffffffff]

    const results = lengths.map(length => readAll(patched(view => view.setUint32(reference + 8, length, true))))

    expect(results.map(result => result.problems.map(problem => problem.code))).toEqual([['truncated'], ['limit']])
    expect(results.map(result => result.values.length)).toEqual([899, 899])
  })

  it('reports overlapping and impossible entries', () => {
    const page = pageOfType(13)
    const changes = [
      (view: DataView) => view.setUint16(page + 20, 0xffff, true),
      (view: DataView) => view.setUint16(page + 26, 0, true),
      (view: DataView) => view.setUint16(page + 28, 511, true),
    ]

    const results = changes.map(change => readAll(patched(change)).problems.map(problem => problem.code))

    expect(results).toEqual([['unreadable'], ['unreadable'], ['unreadable']])
  })
})

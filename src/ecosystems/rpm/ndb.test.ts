import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { FileProblem } from '#ecosystems/types.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { readNdb } from './ndb.ts'

const database = new Uint8Array(gunzipSync(readFileSync(new URL('fixtures/Packages.db.gz', import.meta.url))))

/** Packages in the fixture, the key included. */
const count = 7

function readAll(bytes: Uint8Array): { blobs: number; problems: FileProblem[] } {
  const items = [...readNdb(fileHandle('Packages.db', bytes))]
  const problems = items.flatMap(item => (item instanceof Uint8Array ? [] : [item]))
  return { blobs: items.length - problems.length, problems }
}

function patched(change: (view: DataView) => void): Uint8Array {
  const copy = database.slice()
  change(new DataView(copy.buffer))
  return copy
}

/** Where the first slot that is not free lies. */
function firstSlot(): number {
  const view = new DataView(database.buffer)
  for (let at = 32; ; at += 16) if (view.getUint32(at + 8, true) !== 0) return at
}

const slot = firstSlot()
const blob = new DataView(database.buffer).getUint32(slot + 8, true) * 16

describe('ecosystems/rpm/ndb.ts', () => {
  it('reads every package and no free place', () => {
    expect(readAll(database)).toEqual({ blobs: count, problems: [] })
  })

  it.each([
    ['another version', (view: DataView) => view.setUint32(4, 1, true), 'version 1'],
    ['another format', (view: DataView) => view.setUint32(0, 0, true), 'not an NDB database'],
  ])('refuses %s', (_, change, message) => {
    const bytes = patched(change)

    expect(() => readAll(bytes)).toThrow(message)
  })

  it.each([
    ['a place that is not marked', (view: DataView) => view.setUint32(slot, 1, true), 'unreadable'],
    ['a package past the end', (view: DataView) => view.setUint32(slot + 8, 0xffffffff, true), 'truncated'],
    ['a wrong number', (view: DataView) => view.setUint32(blob + 4, 12345, true), 'unreadable'],
    ['a length beyond its place', (view: DataView) => view.setUint32(blob + 12, 1_000_000, true), 'unreadable'],
    ['a length beyond all headers', (view: DataView) => view.setUint32(blob + 12, 0xffffffff, true), 'limit'],
    ['another length than at its end', (view: DataView) => view.setUint32(blob + 12, 100, true), 'unreadable'],
  ])('loses one package to %s', (_, change, code) => {
    const { blobs, problems } = readAll(patched(change))

    expect(problems.map(problem => problem.code)).toEqual([code])
    expect(blobs).toBe(count - 1)
  })

  it('is bounded where all places name one package', () => {
    const bytes = patched(view => {
      for (let at = 32; at < 4096; at += 16)
        for (let part = 0; part < 16; part += 4) view.setUint32(at + part, view.getUint32(slot + part, true), true)
    })

    const { blobs, problems } = readAll(bytes)

    expect(problems.at(-1)?.code).toBe('limit')
    expect(blobs).toBeLessThan(200)
  })

  it('tells of a list that is longer than the file', () => {
    const { blobs, problems } = readAll(patched(view => view.setUint32(12, 0xffffffff, true)))

    expect(problems[0]?.code).toBe('truncated')
    expect(blobs).toBe(count)
  })
})

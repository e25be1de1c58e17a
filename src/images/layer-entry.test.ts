import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizePath, placeEntry } from './layer-entry.ts'

const file = (name: string) => placeEntry({ name, kind: 'file', size: 3, mode: 0o644, linkName: '' })

describe('images/layer-entry', () => {
  it.each([
    ['etc/passwd', 'etc/passwd'],
    ['./etc/passwd', 'etc/passwd'],
    ['/etc/passwd', 'etc/passwd'],
    ['.//etc/./x/../passwd/', 'etc/passwd'],
    ['./', ''],
    ['..', undefined],
    ['../../etc/passwd', undefined],
    ['a/../../b', undefined],
    ['/../b', undefined],
    ['.hidden/..data', '.hidden/..data'],
    ['a\0b', undefined],
  ])('normalizes %j to %j', (name, expected) => {
    expect(normalizePath(name)).toBe(expected)
  })

  it.each([
    ['a/.wh.b', 'whiteout', 'a/b'],
    ['.wh.b', 'whiteout', 'b'],
    ['./a/.wh..hidden', 'whiteout', 'a/.hidden'],
    ['a/.wh..wh..opq', 'opaque', 'a'],
    ['.wh..wh..opq', 'opaque', ''],
    ['wheel/.whatever', 'file', 'wheel/.whatever'],
    ['a/wh.x', 'file', 'a/wh.x'],
    ['a/x.wh.y', 'file', 'a/x.wh.y'],
    ['a/.whx', 'file', 'a/.whx'],
    ['.wh.dir/file', 'file', '.wh.dir/file'],
  ])('%s is %s of %j', (name, kind, path) => {
    expect(file(name)).toMatchObject({ kind, path })
  })

  it('leaves out the root and what AUFS kept for itself', () => {
    expect([file('./'), file('.wh..wh.aufs'), file('.wh..wh.plnk/12.34'), file('a/.wh..wh.orph')]).toEqual(
      new Array(4).fill(undefined),
    )
  })

  it('refuses whiteouts of nothing and links out of the tree', () => {
    const link = (linkName: string) => placeEntry({ name: 'a', kind: 'hardlink', size: 0, mode: 0, linkName })

    expect([file('a/.wh.'), file('a/.wh..'), file('a/.wh...'), link('../../x'), link('')]).toSatisfy(
      (placed: unknown[]) => placed.every(value => typeof value === 'object' && value !== null && 'refused' in value),
    )
    expect(link('./b/../c')).toMatchObject({ kind: 'hardlink', target: 'c' })
  })

  it('never gives a path that leads anywhere else', () => {
    const part = fc.constantFrom('.', '..', '', 'a', 'b', '.wh.c', '.wh..wh..opq', '.wh...', '.wh.')

    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), parts => {
        const placed = file(parts.join('/'))
        if (placed === undefined || 'refused' in placed || placed.path === '') return
        for (const piece of placed.path.split('/')) expect(['', '.', '..']).not.toContain(piece)
      }),
    )
  })
})

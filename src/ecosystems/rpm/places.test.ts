import { describe, expect, it } from 'vitest'
import { rpm } from './index.ts'
import { rootOf } from './places.ts'

describe('ecosystems/rpm/places.ts', () => {
  it.each([
    ['var/lib/rpm/Packages', true],
    ['var/lib/rpm/Packages.db', true],
    ['usr/lib/sysimage/rpm/rpmdb.sqlite', true],
    ['usr/lib/sysimage/rpm/rpmdb.sqlite-wal', true],
    ['usr/share/rpm/rpmdb.sqlite', true],
    ['var/lib/rpmmanifest/container-manifest-2', true],
    ['srv/chroot/var/lib/rpm/Packages', true],
    ['myvar/lib/rpm/Packages', false],
    ['var/lib/rpm/Name', false],
    ['var/lib/rpm/rpmdb.sqlite-shm', false],
    ['usr/lib/rpm/macros', false],
    ['Packages', false],
    ['', false],
  ])('wants %s: %s', (path, expected) => {
    expect(rpm.wants({ path, size: 1, mode: 0o644 }, 'installed')).toBe(expected)
  })

  it('knows the root of a tree within the tree', () => {
    expect(['var/lib/rpm/Packages', 'a/b/usr/share/rpm/Packages.db', 'x'].map(rootOf)).toEqual(['', 'a/b/', ''])
  })

  it('lists canonical places that it wants', () => {
    expect(rpm.databases).toHaveLength(10)
    expect(rpm.databases!.every(path => rpm.wants({ path, size: 1, mode: 0o644 }, 'installed'))).toBe(true)
  })
})

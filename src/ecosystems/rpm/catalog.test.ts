import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileFacts, ReadContext, Tree, TreeFile } from '#ecosystems/types.ts'
import type { Distro } from '#model/distro.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { cataloger } from './catalog.ts'

const all: ReadContext = { mayProve: () => true }
const none: ReadContext = { mayProve: () => false }
const alma: Distro = { id: 'almalinux', version: '8.9', name: 'AlmaLinux 8.9' }

const formats = [
  ['rpmdb.sqlite', 'rpmdb.sqlite.gz'],
  ['Packages.db', 'Packages.db.gz'],
  ['Packages', 'Packages.little-endian.gz'],
  ['Packages', 'Packages.big-endian.gz'],
  ['Packages', 'Packages.small-pages.gz'],
  ['Packages', 'Packages.large-pages.gz'],
] as const

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url))
}

function lines(name: string): string[] {
  return fixture(name)
    .toString()
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
}

function database(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(fixture(name)))
}

function read(path: string, content: Uint8Array | string, context = none): FileFacts | undefined {
  return cataloger.read(fileHandle(path, content), context)
}

function tree(files: Readonly<Record<string, FileFacts | undefined>>, distro: Distro | undefined = alma): Tree {
  const present: TreeFile[] = Object.entries(files)
    .flatMap(([path, facts]) => (facts === undefined ? [] : [{ path, facts: JSON.parse(JSON.stringify(facts.facts)) }]))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return { mode: 'installed', distro, files: present, at: path => present.find(file => file.path === path) }
}

/** Packages, and all that they say they own. */
function claimed(from: Tree) {
  const { packages, owns } = cataloger.assemble(from)
  return { packages, owns: owns!({ names: new Set(['']), isAsked: () => true }) }
}

/** One package as the query format of the expected file spells it. */
function spelled(pkg: ReturnType<typeof cataloger.assemble>['packages'][number]): string {
  const [, epoch, version, release] = /^(?:(\d+):)?(.*)-([^-]*)$/.exec(pkg.version)!
  return [pkg.name, epoch ?? '', version, release, pkg.arch, pkg.licenses.join(), pkg.modularity ?? '(none)'].join('|')
}

const expectedPackages = lines('packages.expected.txt')
  .filter(line => !line.startsWith('gpg-pubkey|'))
  .map(line => {
    const [name, epoch, version, release, arch, , license, , modularity] = line.split('|')
    return [name, epoch === '(none)' || epoch === '0' ? '' : epoch, version, release, arch, license, modularity].join(
      '|',
    )
  })

describe('ecosystems/rpm/catalog.ts', () => {
  it.each(formats)('lists what rpm lists: %s (%s)', (name, archive) => {
    const path = `var/lib/rpm/${name}`
    const facts = read(path, database(archive))

    const assembly = cataloger.assemble(tree({ [path]: facts }))

    expect(facts?.problems).toEqual([])
    expect(assembly.packages.map(spelled).sort()).toEqual(expectedPackages.sort())
    expect(assembly.packages.every(pkg => pkg.locations.length === 1 && pkg.locations[0]!.path === path)).toBe(true)
  })

  it.each(formats)('knows the files and digests that rpm knows: %s (%s)', (name, archive) => {
    const algorithms: Readonly<Record<string, string>> = { '(none)': 'md5', 8: 'sha256' }
    const expected = lines('files.expected.txt').map(line => {
      const [owner, path, algorithm, digest] = line.split(' ')
      return `${owner} ${path!.slice(1)} ${digest ? `${algorithms[algorithm!]}:${digest}` : ''}`
    })

    const facts = read(`var/lib/rpm/${name}`, database(archive), all)
    const { owns, packages } = claimed(tree({ [`var/lib/rpm/${name}`]: facts }))
    const names = new Map(packages.map(pkg => [pkg.purl, pkg.name]))
    const actual = new Set(owns.map(file => `${names.get(file.owner)} ${file.path} ${file.digest ?? ''}`))

    expect(expected.filter(line => !actual.has(line))).toEqual([])
    expect(owns.filter(file => names.get(file.owner) === 'many-files')).toHaveLength(1 + 8 + 8 * 150)
    expect(owns.filter(file => names.get(file.owner) !== 'many-files')).toHaveLength(8)
  })

  it('keeps only the files that matter', () => {
    const context = { mayProve: (path: string) => path.endsWith('/METADATA') }

    const facts = read('var/lib/rpm/Packages.db', database('Packages.db.gz'), context)
    const { owns } = claimed(tree({ 'var/lib/rpm/Packages.db': facts }))

    expect(owns.map(file => file.path)).toEqual(['usr/lib/python3.9/site-packages/alpha-1.0.dist-info/METADATA'])
  })

  it('names source, epoch and stream', () => {
    const path = 'usr/lib/sysimage/rpm/rpmdb.sqlite'

    const { packages } = cataloger.assemble(tree({ [path]: read(path, database('rpmdb.sqlite.gz')) }))
    const [libs, nodejs] = ['beta-libs', 'nodejs'].map(name => packages.find(pkg => pkg.name === name)!)

    expect(libs).toMatchObject({
      version: '2:3.1^git5-7.el9_4.2',
      source: { name: 'beta', version: '2:9.0~rc1-1.el9' },
    })
    expect(nodejs?.version).toBe('1:16.20.2-4.module_el8.9.0+3765+8f91f5c5')
    expect(nodejs?.modularity).toBe('nodejs:16:8090020231011141426:a75119d5')
  })

  it('reads the unsorted pages of older Berkeley DB releases', () => {
    const bytes = database('Packages.little-endian.gz')
    for (let at = 25; at < bytes.length; at += 4096) if (bytes[at] === 13) bytes[at] = 2

    const facts = read('var/lib/rpm/Packages', bytes)

    expect(facts).toEqual(read('var/lib/rpm/Packages', database('Packages.little-endian.gz')))
  })

  it('prefers the newest format of a directory and merges directories', () => {
    const only = (name: string): FileFacts => ({ facts: { packages: [{ name, version: '1', release: '1' }] } })
    const empty: FileFacts = { facts: { packages: [] } }

    const names = [
      tree({ 'var/lib/rpm/Packages': only('old'), 'var/lib/rpm/rpmdb.sqlite': only('new') }),
      tree({ 'var/lib/rpm/Packages': only('old'), 'var/lib/rpm/rpmdb.sqlite': empty }),
      tree({ 'var/lib/rpm/Packages': only('a'), 'usr/lib/sysimage/rpm/Packages.db': only('b') }),
    ].map(each => cataloger.assemble(each).packages.map(pkg => pkg.name))

    expect(names).toEqual([['new'], ['old'], ['b', 'a']])
  })

  it('gives one package for one purl, and files below the root of a tree within the tree', () => {
    const row = { name: 'a', version: '1', release: '1', files: [['usr/bin/a']] }
    const facts: FileFacts = { facts: { packages: [row, row] } }

    const { packages, owns } = claimed(tree({ 'srv/root/var/lib/rpm/Packages': facts, 'var/lib/rpm/Packages': facts }))

    expect(packages).toHaveLength(1)
    expect(packages[0]!.locations.map(location => location.path)).toEqual([
      'srv/root/var/lib/rpm/Packages',
      'var/lib/rpm/Packages',
    ])
    expect(new Set(owns.map(file => file.path))).toEqual(new Set(['srv/root/usr/bin/a', 'usr/bin/a']))
  })

  it('reads the manifest of distroless images', () => {
    const path = 'var/lib/rpmmanifest/container-manifest-2'

    const { packages } = cataloger.assemble(tree({ [path]: read(path, fixture('container-manifest-2')) }))

    expect(packages.map(pkg => [pkg.name, pkg.version, pkg.arch, pkg.source?.name, pkg.source?.version])).toEqual([
      ['filesystem', '1.1-9.cm2', 'x86_64', 'filesystem', '1.1-9.cm2'],
      ['openssl-libs', '1.1.1k-17.cm2', 'x86_64', 'openssl', '1.1.1k-17.cm2'],
      ['bind-utils', '32:9.16.33-1.cm2', 'aarch64', 'bind', '32:9.16.33-1.cm2'],
    ])
  })

  it('tells of a write-ahead log that holds changes, and of no other', () => {
    const log = new Uint8Array(32 + 2 * (24 + 512))
    const view = new DataView(log.buffer)
    view.setUint32(0, 0x377f0682)
    view.setUint32(8, 512)
    view.setUint32(32, 1)
    view.setUint32(32 + 24 + 512, 2)
    view.setUint32(32 + 24 + 512 + 4, 2)

    const facts = ['', log.subarray(0, 32), log].map(bytes => read('var/lib/rpm/rpmdb.sqlite-wal', bytes))

    expect(facts.map(each => each?.problems?.length)).toEqual([undefined, undefined, 1])
    expect(facts[2]?.problems?.[0]?.code).toBe('unsupported')
  })

  it.each(formats)('tells of what a truncated database lacks: %s (%s)', (name, archive) => {
    const bytes = database(archive)

    const facts = read(`var/lib/rpm/${name}`, bytes.subarray(0, Math.floor(bytes.length / 2)))

    expect(facts?.problems?.length).toBeGreaterThan(0)
  })

  it('refuses what is no database, and skips what is empty', () => {
    const path = 'var/lib/rpm/Packages'

    expect(read(path, '')).toBeUndefined()
    expect(() => read(path, 'Package: a\nVersion: 1\n')).toThrow('not a package database')
    expect(() => read(path, 'SQLite format 3\0')).toThrow('shorter than its header')
  })

  it.each(formats)('stays within bounds on damaged databases: %s (%s)', (name, archive) => {
    const bytes = database(archive)
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 })
    const early = fc.array(fc.tuple(fc.nat(8192), fc.nat(255)), { minLength: 1, maxLength: 10 })

    fc.assert(
      fc.property(fc.oneof(flips, early), changes => {
        const copy = bytes.slice()
        for (const [at, value] of changes) copy[at] = value
        let asked = 0
        const file = fileHandle(`var/lib/rpm/${name}`, copy)
        const counting = {
          ...file,
          read: (offset: number, length: number) => {
            asked += length
            return file.read(offset, length)
          },
        }
        try {
          const facts = cataloger.read(counting, all)
          cataloger.assemble(tree({ [file.path]: facts }))
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect(error instanceof TypeError || error instanceof RangeError).toBe(false)
        }
        expect(asked).toBeLessThan(bytes.length * 64)
      }),
      { numRuns: 150 },
    )
  })
})

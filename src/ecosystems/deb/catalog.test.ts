import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Assembly, Tree } from '#ecosystems/types.ts'
import { distroFiles, identifyDistro } from '#model/distro.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { cataloger } from './catalog.ts'
import { deb } from './index.ts'

type Files = Readonly<Record<string, string>>

function fixture(name: string): Files {
  const root = fileURLToPath(new URL(`./fixtures/${name}/`, import.meta.url))
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [relative(root, path), readFileSync(path, 'utf8')]),
  )
}

/** Reads what the ecosystem wants and puts it together; `links` are symbolic links. */
function catalog(files: Files, links: Files = {}): Assembly {
  const kept = Object.keys(files)
    .sort()
    .filter(path => deb.wants(fileHandle(path, files[path]!), 'installed'))
    .flatMap(path => {
      const read = cataloger.read(fileHandle(path, files[path]!), { mayProve: name => name.endsWith('.so.6') })
      return read === undefined ? [] : [{ path, facts: JSON.parse(JSON.stringify(read.facts)) }]
    })
  const tree: Tree = {
    mode: 'installed',
    distro: identifyDistro(new Map(distroFiles.flatMap(path => (files[path] ? [[path, files[path]]] : [])))),
    files: kept,
    at: path => kept.find(file => file.path === (links[path] ?? path)),
  }
  return cataloger.assemble(tree)
}

describe('ecosystems/deb/catalog', () => {
  it('catalogs a Debian system', () => {
    const { packages, problems } = catalog(fixture('debian-12'))

    expect(problems).toEqual([])
    expect(packages.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/bash@5.2.15-2%2Bb13?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2',
      'pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12&upstream=glibc',
      'pkg:deb/debian/gcc-12-base@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12',
      'pkg:deb/debian/libgcc-s1@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12',
      'pkg:deb/debian/login@1:4.13%2Bdfsg1-1%2Bdeb12u2?arch=amd64&distro=debian-12&upstream=shadow',
      'pkg:deb/debian/tzdata@2026b-0%2Bdeb12u1?arch=all&distro=debian-12',
    ])
    expect(packages[0]).toMatchObject({
      name: 'bash',
      version: '5.2.15-2+b13',
      arch: 'amd64',
      source: { name: 'bash', version: '5.2.15-2' },
      state: 'installed',
      locations: [{ path: 'var/lib/dpkg/status', line: 1 }],
    })
    expect(packages.at(-1)?.licenses).toEqual(['public-domain'])
  })

  it('says who owns the files that matter, with their digest', () => {
    const owner = 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12&upstream=glibc'
    const owns = catalog(fixture('debian-12')).owns!({ names: new Set(['']), isAsked: () => true })

    expect(owns).toContainEqual({
      path: 'lib/x86_64-linux-gnu/libc.so.6',
      owner,
      digest: 'md5:33f1cb6525f26614bd3a334d63632484',
    })
    expect(owns.every(({ path }) => path.endsWith('.so.6'))).toBe(true)
  })

  it('catalogs a distroless image and the files it lists beside', () => {
    const files = fixture('distroless-12')
    const status = 'var/lib/dpkg/status.d/tzdata'
    const claimed = `${files[`${status}.md5sums`]}0123456789abcdef0123456789ABCDEF  ./usr/lib/x.so.6\n`
    const { packages, problems, owns } = catalog({ ...files, [`${status}.md5sums`]: claimed })

    expect(problems).toEqual([])
    expect(packages).toHaveLength(1)
    expect(packages[0]).toMatchObject({
      purl: 'pkg:deb/debian/tzdata@2026b-0%2Bdeb12u1?arch=all&distro=debian-12',
      locations: [{ path: status, line: 1 }],
    })
    expect(owns?.({ names: new Set(['']), isAsked: () => true })).toEqual([
      { path: 'usr/lib/x.so.6', owner: packages[0]!.purl, digest: 'md5:0123456789abcdef0123456789abcdef' },
    ])
  })

  it('finds licences through a linked documentation folder', () => {
    const links = { 'usr/share/doc/libgcc-s1/copyright': 'usr/share/doc/base-files/copyright' }
    const { packages } = catalog(fixture('debian-12'), links)

    expect(packages.find(({ name }) => name === 'libgcc-s1')?.licenses).toEqual(['GPL'])
  })

  it('keeps a root file system below the root apart', () => {
    const below = Object.fromEntries(
      Object.entries(fixture('debian-12')).map(([path, text]) => [`srv/jail/${path}`, text]),
    )
    const named = catalog({ ...below, 'etc/os-release': 'ID=ubuntu\nVERSION_ID="24.04"\n' })
    const { 'srv/jail/etc/os-release': _, ...unnamed } = below
    const nameless = catalog({ ...unnamed, 'etc/os-release': 'ID=ubuntu\nVERSION_ID="24.04"\n' })

    expect(named.packages[0]?.purl).toContain('pkg:deb/debian/')
    expect(named.packages[0]?.purl).toContain('distro=debian-12')
    expect(named.owns?.({ names: new Set(['']), isAsked: () => true })[0]?.path.startsWith('srv/jail/lib/')).toBe(true)
    expect(nameless.packages[0]?.purl).not.toContain('distro=')
    expect(nameless.problems.map(({ code }) => code)).toEqual(['unknown-distribution'])
  })

  it('reads a database that links lead to under another name', () => {
    const text = fixture('debian-12')['var/lib/dpkg/status']!
    const path = 'usr/share/packages/db'
    const read = cataloger.read(fileHandle(path, text), { mayProve: () => true })!
    const file = { path, facts: read.facts }
    const { packages } = cataloger.assemble({ mode: 'installed', distro: undefined, files: [file], at: () => file })

    expect(packages).toHaveLength(6)
    expect(packages[0]?.locations[0]?.path).toBe(path)
  })

  it('gives one package two places where two databases name it', () => {
    const { packages } = catalog({ ...fixture('debian-12'), ...fixture('distroless-12') })

    expect(packages).toHaveLength(6)
    expect(packages.find(({ name }) => name === 'tzdata')?.locations).toHaveLength(2)
  })

  it('wants databases and copyright files, nothing near them', () => {
    const wants = (path: string, mode: 'installed' | 'directory' = 'installed') =>
      deb.wants({ path, size: 1, mode: 0o644 }, mode)

    expect(wants('var/lib/dpkg/status')).toBe(true)
    expect(wants('var/lib/dpkg/status.d/base')).toBe(true)
    expect(wants('var/lib/dpkg/info/libc6:amd64.list')).toBe(true)
    expect(wants('srv/jail/var/lib/dpkg/status')).toBe(true)
    expect(wants('usr/share/doc/a/copyright')).toBe(true)
    expect(wants('var/lib/dpkg/status-old')).toBe(false)
    expect(wants('var/lib/dpkg/info/libc6:amd64.postinst')).toBe(false)
    expect(wants('xvar/lib/dpkg/status')).toBe(false)
    expect(wants('usr/share/doc/a/examples/copyright')).toBe(false)
    expect(wants('usr/share/doc/copyright')).toBe(false)
    expect(wants('fixtures/var/lib/dpkg/status', 'directory')).toBe(false)
    expect(wants('fixtures/etc/os-release', 'directory')).toBe(false)
  })
})

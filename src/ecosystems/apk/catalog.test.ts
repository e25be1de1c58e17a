import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Assembly } from '#ecosystems/types.ts'
import { distroFiles, identifyDistro } from '#model/distro.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { cataloger } from './catalog.ts'
import { apk } from './index.ts'

type Files = Readonly<Record<string, string>>

function fixture(path: string): string {
  return readFileSync(new URL(`./fixtures/alpine-3.20/${path}`, import.meta.url), 'utf8')
}

const database = fixture('lib/apk/db/installed')
const alpine: Files = { 'etc/os-release': fixture('etc/os-release'), 'lib/apk/db/installed': database }

function catalog(files: Files): Assembly {
  const kept = Object.keys(files)
    .sort()
    .filter(path => apk.wants(fileHandle(path, files[path]!), 'installed'))
    .map(path => {
      const read = cataloger.read(fileHandle(path, files[path]!), { mayProve: name => name.startsWith('lib/') })
      return { path, facts: JSON.parse(JSON.stringify(read?.facts)) }
    })
  const texts = distroFiles.flatMap(path => (files[path] === undefined ? [] : [[path, files[path]] as const]))
  const at = (path: string) => kept.find(file => file.path === path)
  return cataloger.assemble({ mode: 'installed', distro: identifyDistro(new Map(texts)), files: kept, at })
}

describe('ecosystems/apk/catalog', () => {
  it('catalogs an Alpine system', () => {
    const { packages, problems, owns } = catalog(alpine)

    expect(problems).toEqual([])
    expect(packages).toHaveLength(14)
    expect(packages.find(({ name }) => name === 'libcrypto3')).toEqual({
      purl: 'pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl',
      type: 'apk',
      name: 'libcrypto3',
      version: '3.3.2-r0',
      arch: 'x86_64',
      source: { name: 'openssl', version: '3.3.2-r0' },
      licenses: ['Apache-2.0'],
      state: 'installed',
      locations: [{ path: 'lib/apk/db/installed', line: expect.any(Number) }],
    })
    expect(packages.find(({ name }) => name === 'zlib')?.purl).toBe(
      'pkg:apk/alpine/zlib@1.3.1-r1?arch=x86_64&distro=alpine-3.20.3',
    )
    expect(owns?.({ names: new Set(['']), isAsked: () => true })).toContainEqual({
      path: 'lib/libcrypto.so.3',
      owner: 'pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl',
      digest: 'sha1:ec12a4df227f1e6ca2157b1cf1f4a32331e6e819',
    })
  })

  it('names Wolfi by its own namespace, and finds its database on a merged /usr', () => {
    const { packages } = catalog({
      'etc/os-release': 'ID=wolfi\nNAME="Wolfi"\nPRETTY_NAME="Wolfi"\nVERSION_ID="20230201"\n',
      'usr/lib/apk/db/installed': 'P:libssl3\nV:3.4.0-r2\nA:x86_64\nL:Apache-2.0\no:openssl\n\n',
    })

    expect(packages[0]?.purl).toBe('pkg:apk/wolfi/libssl3@3.4.0-r2?arch=x86_64&distro=wolfi-20230201&upstream=openssl')
  })

  it('keeps a root file system below the root apart', () => {
    const outer = 'ID=debian\nVERSION_ID="12"\n'
    const below = { 'srv/jail/usr/lib/apk/db/installed': database, 'etc/os-release': outer }
    const named = catalog({ ...below, 'srv/jail/usr/lib/os-release': alpine['etc/os-release']! })
    const nameless = catalog(below)

    expect(named.packages[0]?.purl).toContain('distro=alpine-3.20.3')
    expect(named.owns?.({ names: new Set(['']), isAsked: () => true })[0]?.path.startsWith('srv/jail/lib/')).toBe(true)
    expect(named.problems).toEqual([])
    expect(nameless.packages[0]?.purl).not.toContain('distro=')
    expect(nameless.problems.map(({ code }) => code)).toEqual(['unknown-distribution'])
  })

  it.each([
    ['MIT', ['MIT']],
    ['MPL-2.0 GPL-2.0-or-later', ['MPL-2.0', 'GPL-2.0-or-later']],
    ['MIT AND BSD-2-Clause AND GPL-2.0-or-later', ['MIT AND BSD-2-Clause AND GPL-2.0-or-later']],
    ['(MIT OR ISC)', ['(MIT OR ISC)']],
    ['', []],
  ])('reads the licences in %j', (license, licenses) => {
    const { packages } = catalog({ 'lib/apk/db/installed': `P:a\nV:1-r0\nL:${license}\n\n` })

    expect(packages[0]?.licenses).toEqual(licenses)
  })

  it('wants databases, nothing near them', () => {
    const wants = (path: string, mode: 'installed' | 'directory' = 'installed') =>
      apk.wants({ path, size: 1, mode: 0o644 }, mode)

    expect(wants('lib/apk/db/installed')).toBe(true)
    expect(wants('usr/lib/apk/db/installed')).toBe(true)
    expect(wants('srv/jail/lib/apk/db/installed')).toBe(true)
    expect(wants('xlib/apk/db/installed')).toBe(false)
    expect(wants('lib/apk/db/installed.old')).toBe(false)
    expect(wants('fixtures/lib/apk/db/installed', 'directory')).toBe(false)
  })
})

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecosystems } from '#ecosystems/index.ts'
import type { FileInfo, TreeMode } from '#ecosystems/types.ts'
import { LimitError } from '#lib/limit-error.ts'
import { parsePurl } from '#model/purl.ts'
import { root } from '#test/architecture/sources.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'

/** Names that some ecosystem reads, to give every reader bytes that are not what the name says. */
const telling = [
  'var/lib/dpkg/status',
  'var/lib/dpkg/status.d/base',
  'var/lib/dpkg/info/x.md5sums',
  'lib/apk/db/installed',
  'var/lib/rpm/Packages',
  'var/lib/rpm/Packages.db',
  'var/lib/rpm/rpmdb.sqlite',
  'srv/node_modules/x/package.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'usr/lib/python3/dist-packages/x-1.dist-info/METADATA',
  'usr/lib/python3/dist-packages/x.egg-info',
  'requirements.txt',
  'Pipfile.lock',
  'poetry.lock',
  'uv.lock',
  'pdm.lock',
  'pylock.toml',
  'usr/bin/server',
  'go.mod',
  'srv/app.jar',
  'pom.xml',
  'gradle.lockfile',
]

/** Native orders that are themselves not transitive, with the reason; there only the two-way agreement is held. */
const intransitive: ReadonlyMap<string, string> = new Map([
  ['maven', 'ComparableVersion of maven-artifact 3.8 and 3.9 orders "" < "\\0" < "0a0" < "" in a circle'],
])

const modes: readonly TreeMode[] = ['installed', 'directory']
const version = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0123456789.-+~^:_abcprv'), maxLength: 14 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
)

describe.each(ecosystems)('the contract of ecosystem $id', ecosystem => {
  it('is a manifest named after its folder', () => {
    expect(readdirSync(join(root, 'src', 'ecosystems'))).toContain(ecosystem.id)
    expect(ecosystem.title).not.toBe('')
    expect(ecosystem.spec).toMatch(/^https:\/\//)
    expect(Number.isInteger(ecosystem.version) && ecosystem.version > 0).toBe(true)
  })

  it('wants nothing by accident and answers for any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), fc.nat(0o777), (path, size, mode) => {
        for (const tree of modes) expect(typeof ecosystem.wants({ path, size, mode }, tree)).toBe('boolean')
      }),
    )
    for (const path of ['', '/', 'etc/passwd', 'usr/share/doc/readme.txt', 'a/..', '.wh.x']) {
      expect(ecosystem.wants({ path, size: 10, mode: 0o644 }, 'installed')).toBe(false)
    }
  })

  it('reads any bytes without harm', async () => {
    const cataloger = await ecosystem.load()
    const names = telling.filter(path => modes.some(mode => ecosystem.wants(info(path), mode)))
    expect(names).not.toEqual([])
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 2000 }), (path, bytes) => {
        try {
          const read = cataloger.read(fileHandle(path, bytes), { mayProve: () => true })
          if (read !== undefined)
            expect(JSON.parse(JSON.stringify(read.facts))).toEqual(JSON.parse(JSON.stringify(read.facts)))
        } catch (error) {
          expect(error instanceof Error || error instanceof LimitError).toBe(true)
          expect(error).not.toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('assembles an empty tree to nothing', async () => {
    const cataloger = await ecosystem.load()

    const assembly = cataloger.assemble({ mode: 'installed', distro: undefined, files: [], at: () => undefined })

    expect(assembly.packages).toEqual([])
    expect(assembly.problems).toEqual([])
  })

  it('orders versions totally', async () => {
    const { compare } = await ecosystem.loadMatching()
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compare(a, a)).toBe(0)
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0)
        if (intransitive.has(ecosystem.id)) return
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 3000 },
    )
  })

  it('asks advisories about a package without harm, whatever its name', async () => {
    const { queries } = await ecosystem.loadMatching()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, text) => {
        const found = {
          purl: 'pkg:x/y',
          type: ecosystem.id,
          name,
          version: text,
          licenses: [],
          state: 'installed',
          locations: [],
        } as const
        for (const query of queries(found, { id: 'debian', version: '12', name: 'Debian' }))
          expect(query.ecosystem).not.toBe('')
      }),
    )
    expect(parsePurl(`pkg:${ecosystem.id}/a@1`)?.type).toBe(ecosystem.id)
  })
})

function info(path: string): FileInfo {
  return { path, size: 1 << 20, mode: 0o755 }
}

import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asArray, asString, member, parseJson } from '#lib/json.ts'
import { decodeText } from '#lib/text.ts'
import { readZipDirectory, readZipMember } from '#lib/zip.ts'
import type { Package } from '#model/package.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { sharedPath } from '#test/support/shared.ts'
import { describeWith } from '#test/support/skips.ts'
import { matching } from './matching.ts'
import { isModular, isSameBuildOrLater, matchesStream } from './modules.ts'
import { compareVersions } from './version.ts'

const feed = sharedPath('feeds', 'osv', 'AlmaLinux', 'all.zip')

/** One record of a module update: the fixed versions of each package that it names. */
interface ModuleRecord {
  readonly id: string
  readonly summary: string
  readonly fixes: ReadonlyMap<string, readonly string[]>
}

function moduleRecords(path: string): readonly ModuleRecord[] {
  const file = fileHandle('all.zip', readFileSync(path))
  const directory = readZipDirectory(file)
  const inflate = (data: Uint8Array) => new Uint8Array(inflateRawSync(data))
  return directory.entries
    .map(entry => toRecord(decodeText(readZipMember(file, directory, { entry, maxBytes: 1 << 26, inflate }))))
    .filter(record => [...record.fixes.values()].flat().some(isModular))
}

function toRecord(text: string): ModuleRecord {
  const record = parseJson(text)
  const fixes = new Map<string, string[]>()
  for (const affected of asArray(member(record, 'affected'))) {
    const name = asString(member(member(affected, 'package'), 'name')) ?? ''
    const events = asArray(member(affected, 'ranges')).flatMap(range => asArray(member(range, 'events')))
    const fixed = events.flatMap(event => asString(member(event, 'fixed')) ?? [])
    fixes.set(name, [...(fixes.get(name) ?? []), ...fixed])
  }
  return { id: asString(member(record, 'id')) ?? '', summary: asString(member(record, 'summary')) ?? '', fixes }
}

function installed(name: string, version: string, modularity?: string): Package {
  return { purl: 'pkg:rpm/x', type: 'rpm', name, version, modularity, licenses: [], state: 'installed', locations: [] }
}

/** What the engine does with a record: any range that holds the version and applies. */
function isFound(pkg: Package, record: ModuleRecord): boolean {
  return record.fixes.get(pkg.name)!.some(fixed => {
    const range = { type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] } as const
    const candidate = { advisory: record.id, summary: record.summary, range }
    return compareVersions(pkg.version, fixed) < 0 && matching.applies!(pkg, candidate)
  })
}

function streamsOf(record: ModuleRecord): readonly string[] {
  return [...record.summary.matchAll(/(?<=^|\s)([a-z][\w-]*:\w[\w.]*)(?=[\s,])/g)].map(match => match[1]!)
}

describeWith('../shared/feeds/osv/AlmaLinux', feed !== undefined)(
  'ecosystems/rpm/modules.ts on AlmaLinux records',
  () => {
    const records = feed === undefined ? [] : moduleRecords(feed)
    const cases = records.flatMap(record =>
      streamsOf(record).flatMap(stream =>
        [...record.fixes].flatMap(([name, fixes]) => fixes.map(fixed => ({ record, stream, name, fixed }))),
      ),
    )

    it('has them', () => {
      expect(records.length).toBeGreaterThan(700)
      expect(cases.length).toBeGreaterThan(20_000)
    })

    it('finds no record for a package that its update installed', () => {
      const wrong = cases.filter(({ record, stream, name, fixed }) => {
        const pkg = installed(name, fixed, `${stream}:1:abc`)
        return isFound(pkg, record)
      })

      // These give one package fixes of several patch levels (12….1 and 12….2, with and without an epoch): the highest counts.
      const several = ['ALBA-2019:3337', 'ALEA-2022:0352', 'ALSA-2021:4826', 'ALSA-2022:0418', 'ALSA-2022:1915']
      expect([...new Set(wrong.map(({ record }) => record.id))].sort()).toEqual(several)
    })

    it('finds the record for a package of an earlier build of the stream', () => {
      const missed = cases.filter(({ record, stream, name, fixed }) => {
        const earlier = fixed.replace(/-([^-]*)$/, '~0-$1')
        return !isFound(installed(name, earlier, `${stream}:1:abc`), record)
      })

      expect(missed.map(({ record, name }) => `${record.id} ${name}`)).toEqual([])
    })

    it('finds no record for another stream, nor for a package of no module', () => {
      const wrong = cases.filter(({ record, stream, name, fixed }) => {
        const earlier = fixed.replace(/-([^-]*)$/, '~0-$1')
        const other = installed(name, earlier, `${stream.split(':')[0]}:other:1:abc`)
        const plain = installed(name, earlier.replace(/\.module.*$/, '.el8'))
        return isFound(other, record) || isFound(plain, record)
      })

      expect(wrong.map(({ record, name }) => `${record.id} ${name}`)).toEqual([])
    })
  },
)

describe('ecosystems/rpm/modules.ts', () => {
  it.each([
    ['1.0-1.module_el8.9.0+3765+8f91f5c5', true],
    ['1.0-1.module+el8.9.0+3765+8f91f5c5', true],
    ['1.0-1.el8', false],
    ['1.0-1.modules.el8', false],
  ])('knows a modular release: %s', (version, expected) => {
    expect(isModular(version)).toBe(expected)
  })

  it.each([
    ['1.0-1.module_el8.9.0+1+a', '1.0-1.module_el8.10.0+2+b', true],
    ['1.0-1.module_el8.9.0+1+a', '1.0-1.module_el8.10.0+2+b.1.alma', false],
    ['1.0-1.module_el8.9.0+1+a.2', '1.0-1.module_el8.10.0+2+b.1', true],
    ['1.0-2.module_el8.9.0+1+a', '1.0-10.module_el8.10.0+2+b', false],
  ])('compares %s with %s by sources', (version, fix, expected) => {
    expect(isSameBuildOrLater(version, fix)).toBe(expected)
  })

  it('decides on any text, long ones in linear time', () => {
    const text = fc.string({ unit: fc.constantFrom(...'a1:. -+_module'), maxLength: 40 })

    fc.assert(
      fc.property(text, text, text, text, (name, version, summary, modularity) => {
        expect(typeof matchesStream(installed(name, version, modularity), summary, version)).toBe('boolean')
      }),
    )
    const long = '.module_el8.'.repeat(100_000)
    expect(isSameBuildOrLater(long, long)).toBe(true)
    expect(matchesStream(installed('a', '-'.repeat(1_000_000), 'a:1'), 'x:'.repeat(1_000_000), long)).toBe(true)
  })
})

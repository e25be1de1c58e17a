import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matching } from './matching.ts'
import { advisoryVersion, libraryVersion } from './toolchain.ts'
import { compareVersions } from './version.ts'

interface Pair {
  readonly a: string
  readonly b: string
  readonly order: number
}

function pairsOf(name: string): readonly Pair[] {
  return readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [a, sign, b] = line.split(' ') as [string, string, string]
      return { a, b, order: '<=>'.indexOf(sign) - 1 }
    })
}

const bare = (version: string): string => version.replace(/^(v|go)/, '')
const modules = pairsOf('versions.generated.txt')
const toolchains = pairsOf('toolchains.generated.txt')

describe('ecosystems/golang/version', () => {
  it.each([
    ['golang.org/x/mod/semver', modules, 2000],
    ['go/version', toolchains, 600],
  ] as const)('orders generated pairs as %s does, both ways, with and without prefix', (_, pairs, count) => {
    const wrong = pairs.filter(({ a, b, order }) => {
      const orders = [
        compareVersions(a, b),
        -compareVersions(b, a),
        compareVersions(bare(a), b),
        compareVersions(a, bare(b)),
        compareVersions(bare(a), bare(b)),
      ]
      return orders.some(found => Math.sign(found) !== order && found !== order)
    })

    expect(pairs.length).toBeGreaterThanOrEqual(count)
    expect(wrong).toEqual([])
  })

  it.each([
    ['modules', modules],
    ['toolchains', toolchains],
  ] as const)('sorts all %s from any start as the pairs demand', (_, pairs) => {
    const versions = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))]
    const property = fc.property(fc.shuffledSubarray(versions, { minLength: versions.length }), shuffled => {
      const position = new Map(shuffled.sort(compareVersions).map((version, index) => [version, index]))
      const wrong = pairs.filter(
        ({ a, b, order }) => order !== 0 && Math.sign(position.get(a)! - position.get(b)!) !== order,
      )
      expect(wrong).toEqual([])
    })

    fc.assert(property, { numRuns: 5 })
  })

  it('is a total order over any strings', () => {
    const versions = fc.oneof(fc.string(), fc.stringMatching(/^(v|go)?1\.[0-9]{1,2}(\.[0-9])?(rc[0-9]|-rc\.[0-9])?$/))
    const property = fc.property(versions, versions, versions, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
    })

    fc.assert(property, { numRuns: 2000 })
  })

  it.each([
    // Spelled as in advisories.
    ['1.21rc2', '1.21.0-rc.3'],
    ['1.21.0-0', '1.21rc1'],
    ['2019.03.04.00', '2020.03.16.00'],
    ['(devel)', '0'],
  ])('puts %j before %j', (a, b) => {
    expect([compareVersions(a, b), compareVersions(b, a)].map(Math.sign)).toEqual([-1, 1])
  })
})

describe('ecosystems/golang/toolchain', () => {
  it.each([
    ['go1.21.3', '1.21.3', '1.21.3'],
    ['go1.20', '1.20', '1.20.0'],
    ['go1.22rc1', '1.22rc1', '1.22.0-rc.1'],
    ['go1.21.3 X:nocoverageredesign', '1.21.3', '1.21.3'],
    ['go1.20.12 (Red Hat 1.20.12-8.el9_3)', '1.20.12', '1.20.12'],
    ['go1.18.2b7', '1.18.2b7', '1.18.2'],
    ['go1.22.1-custom', '1.22.1-custom', '1.22.1'],
    ['devel go1.23-8c92897e15 Tue Mar 5 01:02:03 2024 +0000', 'devel go1.23-8c92897e15', undefined],
    ['devel +8c92897e15 Tue Mar 5 01:02:03 2019 +0000', 'devel +8c92897e15', undefined],
    ['', '', undefined],
  ])('reads %j', (name, version, asked) => {
    const library = libraryVersion(name)

    expect([library, advisoryVersion(library)]).toEqual([version, asked])
  })
})

describe('ecosystems/golang/matching', () => {
  const queries = (name: string, version: string) =>
    matching.queries({ purl: '', type: 'golang', name, version, state: 'installed' }, undefined)

  it.each([
    ['golang.org/x/net', 'v0.7.0', 'v0.7.0'],
    ['stdlib', '1.22rc1', '1.22.0-rc.1'],
    ['toolchain', '1.18.2b7', '1.18.2'],
  ])('asks for %s %s', (name, version, asked) => {
    expect(queries(name, version)).toEqual([{ ecosystem: 'Go', name, version: asked }])
  })

  it.each([
    ['example.com/app', '(devel)'],
    ['stdlib', 'devel go1.23-8c92897e15'],
  ])('asks nothing for %s %s', (name, version) => {
    expect(queries(name, version)).toEqual([])
  })
})

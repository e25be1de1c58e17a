import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIds, resolveFlaws } from './flaws.ts'

function tie(pairs: readonly (readonly [string, string])[]): Map<string, Set<string>> {
  const links = new Map<string, Set<string>>()
  for (const [a, b] of pairs) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      links.set(from, (links.get(from) ?? new Set()).add(to))
  }
  return links
}

describe('advisories/flaws', () => {
  it('joins aliases of aliases under the CVE', () => {
    const flaws = resolveFlaws(
      tie([
        ['PYSEC-1', 'GHSA-a'],
        ['GHSA-a', 'CVE-2024-1000'],
        ['OSVDB-1', 'PYSEC-1'],
      ]),
    )

    for (const id of ['PYSEC-1', 'GHSA-a', 'OSVDB-1', 'CVE-2024-1000']) expect(flaws.get(id)).toEqual(['CVE-2024-1000'])
  })

  it('never merges two CVEs: a record that names both tells of two flaws', () => {
    const flaws = resolveFlaws(
      tie([
        ['GO-1', 'CVE-2024-10000'],
        ['GO-1', 'CVE-2024-9999'],
        ['GO-1', 'GHSA-a'],
        ['GHSA-a', 'CVE-2024-9999'],
      ]),
    )

    expect(flaws.get('GO-1')).toEqual(['CVE-2024-9999', 'CVE-2024-10000'])
    expect(flaws.get('GHSA-a')).toEqual(['CVE-2024-9999'])
    expect(flaws.get('CVE-2024-10000')).toEqual(['CVE-2024-10000'])
  })

  it('names a flaw without a CVE by its GHSA id, else its first id', () => {
    expect(
      resolveFlaws(
        tie([
          ['GMS-1', 'GHSA-b'],
          ['GHSA-b', 'A-1'],
        ]),
      ).get('A-1'),
    ).toEqual(['GHSA-b'])
    expect(resolveFlaws(tie([['GMS-1', 'SNYK-1']])).get('SNYK-1')).toEqual(['GMS-1'])
  })

  it('gives every id at least one flaw, whatever the order of records', () => {
    const id = fc.constantFrom('CVE-2024-1', 'CVE-2024-2', 'GHSA-a', 'GHSA-b', 'GO-1', 'GO-2', 'PYSEC-1')
    const pairs = fc.array(
      fc.tuple(id, id).filter(([a, b]) => a !== b),
      { maxLength: 12 },
    )

    fc.assert(
      fc.property(pairs, list => {
        const flaws = resolveFlaws(tie(list))
        expect([...resolveFlaws(tie(list.toReversed()))].sort()).toEqual([...flaws].sort())
        for (const [one, named] of flaws) {
          expect(named.length).toBeGreaterThan(0)
          if (one.startsWith('CVE-')) expect(named).toEqual([one])
          for (const flaw of named) expect(flaws.get(flaw)).toEqual([flaw])
        }
      }),
    )
  })

  it('takes a knot of many ids in linear time', () => {
    const pairs = Array.from({ length: 20_000 }, (_, at) => [`X-${at}`, `X-${at + 1}`] as const)

    expect(resolveFlaws(tie([...pairs, ['X-20000', 'CVE-2020-1']])).get('X-0')).toEqual(['CVE-2020-1'])
  })

  it('orders CVEs by number', () => {
    expect(['CVE-2024-10000', 'CVE-2024-9999', 'CVE-2023-1'].sort(compareIds)).toEqual([
      'CVE-2023-1',
      'CVE-2024-9999',
      'CVE-2024-10000',
    ])
  })
})

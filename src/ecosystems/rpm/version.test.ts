import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disagreements, readVersionLines } from '#test/ecosystems/version-lines.ts'
import { describeWith } from '#test/support/skips.ts'
import { compareLabels, compareVersions, parseEvr } from './version.ts'

const lines = readVersionLines(new URL('fixtures/versions.generated.txt', import.meta.url))

/** rpm's own comparison, where it is installed. */
const tool = 'rpm'

function hasRpm(): boolean {
  try {
    return execFileSync(tool, ['--eval', '%{lua:print(rpm.vercmp("1","2"))}'], { encoding: 'utf8' }).trim() === '-1'
  } catch {
    return false
  }
}

const label = fc.string({ unit: fc.constantFrom(...'0019abAZ..-_+~^:'), maxLength: 12 })

describe('ecosystems/rpm/version.ts', () => {
  it('agrees with rpm on every generated pair, both ways', () => {
    const wrong = disagreements(lines, compareVersions)

    expect(lines.length).toBeGreaterThanOrEqual(4000)
    expect(wrong).toEqual([])
  })

  it('sorts shuffled versions the same way every time', () => {
    const versions = [...new Set(lines.flatMap(line => [line.left, line.right]))]
    const sorted = versions.toSorted(compareVersions)
    const shuffled = versions
      .map((text, index) => [(index * 7919) % versions.length, text] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, text]) => text)
      .sort(compareVersions)

    const differs = sorted.findIndex((text, index) => compareVersions(text, shuffled[index]!) !== 0)
    const backwards = sorted.findIndex((text, index) => index > 0 && compareVersions(sorted[index - 1]!, text) > 0)

    expect([differs, backwards]).toEqual([-1, -1])
  })

  it.each([
    ['1:2.0-3', { epoch: '1', version: '2.0', release: '3' }],
    ['2.0', { epoch: '0', version: '2.0', release: undefined }],
    ['007:2.0-', { epoch: '7', version: '2.0', release: '' }],
    [':2.0-1', { epoch: '0', version: '2.0', release: '1' }],
    ['a:2-b-1', { epoch: '0', version: 'a:2-b', release: '1' }],
    ['', { epoch: '0', version: '', release: undefined }],
  ])('splits %j', (text, expected) => {
    const evr = parseEvr(text)

    expect(evr).toEqual(expected)
  })

  it('is a total order over any text', () => {
    const text = fc.oneof(label, fc.string({ unit: 'binary' }))

    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const [x, y, z] = [a, b, c].sort(compareVersions) as [string, string, string]
        expect(compareVersions(x, y)).toBeLessThanOrEqual(0)
        expect(compareVersions(y, z)).toBeLessThanOrEqual(0)
        expect(compareVersions(x, z)).toBeLessThanOrEqual(0)
        expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0)
        expect(compareVersions(a, a)).toBe(0)
      }),
      { numRuns: 2000 },
    )
  })

  it('stays linear on very long versions', () => {
    const long = '1.'.repeat(500_000)

    const order = compareVersions(`${long}1`, `${long}2`)

    expect(order).toBe(-1)
  })
})

describeWith('rpm', hasRpm())('ecosystems/rpm/version.ts beside rpm', () => {
  it('agrees with the rpm installed here on fresh pairs', () => {
    const fresh = fc
      .sample(fc.tuple(label, label), 2000)
      .map(([a, b]) => [a.replaceAll(/[-:]/g, '.') || '1', b.replaceAll(/[-:]/g, '.') || '1'] as const)
    const script = `for a, b in ("${fresh.map(([a, b]) => `${a} ${b}`).join(';')}"):gmatch("([^ ;]+) ([^ ;]+)") do print(rpm.vercmp(a, b) .. " ") end`

    const expected = execFileSync(tool, ['--eval', `%{lua:${script}}`], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
    const wrong = fresh.filter(([a, b], index) => compareLabels(a, b) !== Number(expected[index]))

    expect(expected).toHaveLength(2000)
    expect(wrong).toEqual([])
  })
})

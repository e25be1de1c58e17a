import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disagreements, readVersionLines } from '#test/ecosystems/version-lines.ts'
import { random } from '#tools/generate-deb-versions.ts'
import { compare } from './version.ts'

describe('ecosystems/apk/version', () => {
  it.each([
    ['versions.txt', 80],
    ['versions.generated.txt', 2900],
  ])('orders %s as written, both ways round', (name, atLeast) => {
    const lines = readVersionLines(new URL(`./fixtures/${name}`, import.meta.url))

    expect(lines.length).toBeGreaterThan(atLeast)
    expect(disagreements(lines, compare)).toEqual([])
  })

  it('sorts a shuffled list into the published order', () => {
    const order = [
      '0.9',
      '1.0_alpha',
      '1.0_rc1-r3',
      '1.0',
      '1.0-r1',
      '1.0_p1',
      '1.0_p1-r0',
      '1.0a',
      '1.0.01',
      '1.0.1',
      '2',
    ]
    const next = random(3)

    for (let turn = 0; turn < 20; turn++) {
      const shuffled = order.map(text => [next(), text] as const).sort((a, b) => a[0] - b[0])

      expect(shuffled.map(([, text]) => text).sort(compare)).toEqual(order)
    }
  })

  it('is a total order over any strings and never throws', () => {
    const piece = fc.constantFrom(...'0123a', '.', '_', '-r', '~', '_p', '_rc', '_alpha', '00', 'Z', '_none')
    const text = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map(parts => parts.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) || 0)
        expect(compare(a, a)).toBe(0)
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes huge versions in linear time', () => {
    const huge = `1${'.1'.repeat(200_000)}`

    expect(compare(huge, `${huge}_rc1`)).toBeGreaterThan(0)
    expect(compare('9'.repeat(500_000), '1'.repeat(500_001))).toBeLessThan(0)
  })
})

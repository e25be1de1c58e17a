import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disagreements, parseVersionLines, readVersionLines } from '#test/ecosystems/version-lines.ts'
import { itWith } from '#test/support/skips.ts'
import { judgeByDpkg, pairs } from '#tools/generate-deb-versions.ts'
import { compare } from './version.ts'

function hasDpkg(): boolean {
  try {
    execFileSync('dpkg', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('ecosystems/deb/version', () => {
  it.each(['versions.txt', 'versions.generated.txt'])('orders %s as written, both ways round', name => {
    const lines = readVersionLines(new URL(`./fixtures/${name}`, import.meta.url))

    expect(lines.length).toBeGreaterThan(name === 'versions.txt' ? 20 : 2000)
    expect(disagreements(lines, compare)).toEqual([])
  })

  itWith('dpkg', hasDpkg())('agrees with the dpkg of this machine', () => {
    const lines = parseVersionLines(judgeByDpkg(pairs(300, 2024)).join('\n'))

    expect(lines.length).toBeGreaterThan(200)
    expect(disagreements(lines, compare)).toEqual([])
  })

  it('sorts a shuffled list into the order of the manual', () => {
    const order = ['~~', '~~a', '~', '1.0~rc1-1', '1.0-1~deb12u1', '1.0-1', '1.0-1+b1', '1.0-1.1', '1.0a-1', '1:0.1']

    for (let turn = 1; turn < order.length; turn++) {
      const shuffled = order.map((_, index) => order[(index * 7 + turn) % order.length]!)

      expect(shuffled.sort(compare)).toEqual(order)
    }
  })

  it('is a total order over any strings and never throws', () => {
    const text = fc.oneof(fc.string({ unit: fc.constantFrom(...'01~+-.:aZ') }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) || 0)
        expect(compare(a, a)).toBe(0)
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })

  it('takes huge versions in linear time', () => {
    const huge = `${'1.'.repeat(200_000)}1`

    expect(compare(huge, `${huge}~`)).toBeGreaterThan(0)
    expect(compare('9'.repeat(500_000), '1'.repeat(500_001))).toBeLessThan(0)
  })
})

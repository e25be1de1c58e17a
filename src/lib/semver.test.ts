import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareSemver, parseSemver } from './semver.ts'

/** https://semver.org/#spec-item-11, and neighbors. */
const ascending = [
  'no version',
  '0',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '2.0.0',
  '2.1.0',
  '2.1.1',
  '9007199254740992.0.0',
  '9007199254740993.0.0',
  '90071992547409930000000000.0.0',
]

describe('lib/semver', () => {
  it('orders as the specification does, both ways', () => {
    for (const [left, a] of ascending.entries())
      for (const [right, b] of ascending.entries())
        expect(Math.sign(compareSemver(a, b)), `${a} ${b}`).toBe(Math.sign(left - right))
  })

  it.each([
    ['v1.2.3', '1.2.3'],
    [' =v1.2.3 ', '1.2.3'],
    ['1', '1.0.0'],
    ['1.2', '1.2.0'],
    ['1.2.3beta', '1.2.3-beta'],
    ['1.2.3.beta', '1.2.3-beta'],
    ['01.002.0003-007', '1.2.3-7'],
    ['1.2.3+build.5', '1.2.3'],
    ['1.2.3-rc.1+a-b', '1.2.3-rc.1'],
    ['1.2.3.0', '1.2.3'],
  ])('takes %j and %j as equal', (a, b) => {
    const order = compareSemver(a, b)

    expect(order).toBe(0)
  })

  it.each(['', 'latest', '(devel)', 'git+ssh://example.com/x.git', '-1', '.1', '+1'])('refuses %j', text => {
    const version = parseSemver(text)

    expect(version).toBeUndefined()
  })

  it('keeps all parts', () => {
    const version = parseSemver('v10.02.3-rc.01.x-y+b.7')

    expect(version).toEqual({ numbers: ['10', '2', '3'], prerelease: ['rc', '1', 'x-y'], build: 'b.7' })
  })

  it('is a total order over any strings', () => {
    const versions = fc.oneof(fc.string(), fc.stringMatching(/^[v=]?[0-9]{1,2}(\.[0-9]{1,2}){0,3}[-.a-c0-2+]{0,6}$/))
    const property = fc.property(versions, versions, versions, (a, b, c) => {
      expect(Math.sign(compareSemver(a, b)) + Math.sign(compareSemver(b, a))).toBe(0)
      expect(compareSemver(a, a)).toBe(0)
      if (compareSemver(a, b) <= 0 && compareSemver(b, c) <= 0) expect(compareSemver(a, c)).toBeLessThanOrEqual(0)
    })

    fc.assert(property, { numRuns: 2000 })
  })

  it('reads a megabyte of digits or dots in linear time', () => {
    const hostile = ['9'.repeat(1_000_000), '1.'.repeat(500_000), `1.0.0-${'a.'.repeat(500_000)}`]

    const orders = hostile.map(text => compareSemver(text, `${text}1`))

    expect(orders.every(order => order !== 0)).toBe(true)
  })
})

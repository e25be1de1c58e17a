import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from './glob.ts'

describe('lib/glob', () => {
  it.each([
    ['', '', true],
    ['a', 'a', true],
    ['a', 'A', false],
    ['a*', 'abc', true],
    ['a*', 'a/c', false],
    ['a**', 'a/c', true],
    ['**/web', 'x/y/web', true],
    ['*/web', 'x/y/web', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['a.c', 'abc', false],
    ['[a]', '[a]', true],
    ['a**b**c', 'axxbyyc', true],
    ['*', '', true],
  ])('%s on %s is %s', (glob, text, expected) => {
    expect(matchesGlob(glob, text)).toBe(expected)
  })

  it('ends on hostile patterns', () => {
    expect(matchesGlob('*a'.repeat(200), 'a'.repeat(2000))).toBe(true)
    expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(2000))).toBe(false)
  })

  it('agrees with a plain reading of any literal', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const literal = a.replace(/[*?]/g, '')

        expect(matchesGlob(literal, literal)).toBe(true)
        expect(matchesGlob(`**${literal}**`, b + literal + b)).toBe(true)
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from './linear-pattern.ts'

function test(source: string, text: string): boolean {
  const pattern = compilePattern(source)
  if ('error' in pattern) throw new Error(pattern.error)
  return pattern.test(text)
}

const letter = fc.constantFrom(...'ab-', '\n')
const atom: fc.Arbitrary<string> = fc.constantFrom(
  'a',
  'b',
  '-',
  '.',
  '[ab]',
  '[^a]',
  '\\w',
  '\\W',
  '^',
  '$',
  '\\b',
  '',
)
const piece = fc
  .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'))
  .map(([text, times]) => {
    return text === '' ? '' : `(?:${text})${times}`
  })
const { pattern } = fc.letrec<{ pattern: string }>(tie => ({
  pattern: fc.oneof(
    { depthSize: 'small' },
    piece,
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
    tie('pattern').map(a => `(${a})*`),
  ),
}))

describe('lib/linear-pattern', () => {
  it('finds what JavaScript finds, where both know the syntax', () => {
    fc.assert(
      fc.property(pattern, fc.string({ unit: letter, maxLength: 8 }), (source, text) => {
        expect(test(source, text)).toBe(new RegExp(source).test(text))
      }),
      { numRuns: 2000 },
    )
  })

  // From https://github.com/google/re2/wiki/Syntax and the tests of RE2 (re2/testing/search_test.cc).
  it.each<readonly [string, string, boolean]>([
    ['', '', true],
    ['a', 'ba', true],
    ['^CVE-[0-9]{4}-\\d+$', 'CVE-2026-1', true],
    ['^CVE-[0-9]{4}-\\d+$', 'CVE-26-1', false],
    ['(?i)ABC', 'xabcx', true],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['(?i)[^a]', 'A', false],
    ['a.b', 'a\nb', false],
    ['(?s)a.b', 'a\nb', true],
    ['(?s-i:a.b)', 'a\nb', true],
    ['(?P<name>a)(?<other>b)', 'ab', true],
    ['\\x41\\x{1F600}', 'A\u{1f600}', true],
    ['^.$', '\u{1f600}', true],
    ['[]a]', ']', true],
    ['[^]a]', 'b', true],
    ['[a-]', '-', true],
    ['[\\d\\-x]', '-', true],
    ['[\\D]', '5', false],
    ['[^\\D]', '5', true],
    ['\\Aa\\z', 'a', true],
    ['\\.', 'a', false],
    ['a{,2}', 'a{,2}', true],
    ['a{2', 'a{2', true],
    ['(a*)*b', 'aab', true],
    ['(|a)+$', 'aa', true],
    ['\\s', '\v', false],
  ])('reads %j: in %j it is %j', (source, text, expected) => {
    expect(test(source, text)).toBe(expected)
  })

  it.each([
    '(',
    ')',
    '*a',
    'a**',
    '(?=a)',
    '(?<=a)',
    '(a)\\1',
    '[b-a]',
    '[a',
    'a\\',
    '\\x{110000}',
    'a{2,1}',
    'a{1001}',
    '(a{1000}){1000}',
    '(((){1000}){1000}){1000}',
    '('.repeat(60),
    '('.repeat(5000) + ')'.repeat(5000),
  ])('refuses %j', source => {
    expect(compilePattern(source)).toEqual({ error: expect.stringContaining('is no pattern of RE2') })
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab()[]{}|*+?^$\\-.,:<>=!isPdwx0129\u{1f600}') }), source => {
        const made = compilePattern(source)
        expect('error' in made || typeof made.test('aab()') === 'boolean').toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  // Each takes JavaScript's engine longer than anybody waits; here the test's own time limit is the guard.
  it.each(['^(a+)+$', '^(a|a)*$', '^((a*)*)*$', '^(a?){500}a{500}$', 'a*a*a*a*c', '(.*)*x', '^(?:a|ab|b)*c'])(
    'is done with %j in time',
    source => {
      expect(test(source, `${'ab'.repeat(10)}${'a'.repeat(20_000)}!`)).toBe(false)
    },
  )
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayWidth, fill, printable, printableLines, truncate, wrap } from './terminal.ts'

describe('lib/terminal', () => {
  it.each([
    ['plain text', 'plain text'],
    ['Grüße, 日本語, 👍', 'Grüße, 日本語, 👍'],
    ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\x1b]8;;http://evil\x07link', '\\x1b]8;;http://evil\\x07link'],
    ['a\nb\r\nc\td\0', 'a\\nb\\r\\nc\\td\\0'],
    ['\u009b31m', '\\x9b31m'],
    ['abc\u202edcba', 'abc\\u{202e}dcba'],
    ['a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['\ud800x\udc00', '\\u{d800}x\\u{dc00}'],
    ['line\u2028sep', 'line\\u{2028}sep'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['::error file=a::pwned', ': :error file=a::pwned'],
    ['  ::set-output name=x::y', '  : :set-output name=x::y'],
    ['serde::de', 'serde::de'],
    ['x ##vso[task.setvariable]y', 'x # #vso[task.setvariable]y'],
    ['##teamcity[buildStatus]', '# #teamcity[buildStatus]'],
    ['##[error]', '# #[error]'],
    ['## heading', '## heading'],
  ])('shows %j as %j', (text, expected) => {
    expect(printable(text)).toBe(expected)
  })

  it('never lets a control, a formatting character, a lone surrogate or a command through', () => {
    const nasty = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\x1b', '\n', ':', '#', '[', 'vso', ' ', '\u202e', '\ud800'),
        fc.string({ unit: 'binary' }),
      ),
    })

    fc.assert(
      fc.property(nasty, text => {
        const shown = printable(text)

        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(shown).not.toMatch(/^\s*::|##\[|##vso\[|##teamcity\[/i)
        expect(shown.isWellFormed()).toBe(true)
      }),
    )
  })

  it('keeps the lines of a text of several, each made printable', () => {
    expect(printableLines('a\n::error::b\r\n\x1bc')).toBe('a\n: :error::b\\r\n\\x1bc')
  })

  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['👩\u200d👩\u200d👧', 2],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['…', 1],
    ['❤\ufe0f', 2],
    ['', 0],
  ])('knows that %j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  it.each([
    ['abcdef', 4, 'abc…'],
    ['abcd', 4, 'abcd'],
    ['日本語', 4, '日…'],
    ['日本語', 5, '日本…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('cuts %j to %i columns: %j', (text, width, expected) => {
    expect(truncate(text, width)).toBe(expected)
  })

  it('fits any text into exactly the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(displayWidth(fill(printable(text), width))).toBe(width)
      }),
    )
  })

  it('wraps at words, cuts what is longer than a line, and opens no command', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four'])
    expect(wrap('x'.repeat(20), 8)).toEqual(['xxxxxxxx', 'xxxxxxxx', 'xxxx'])
    expect(wrap('aaaaaaaa ::error::x', 8)[1]).toBe(': :error:')
    expect(wrap('', 8)).toEqual([''])
  })
})

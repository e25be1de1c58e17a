import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOsRelease } from './distro-os-release.ts'

/** One assignment's value. */
function value(text: string): string | undefined {
  return parseOsRelease(text).get('A')
}

describe('model/distro-os-release', () => {
  // https://www.freedesktop.org/software/systemd/man/latest/os-release.html, "shell-compatible variable assignments"
  it.each([
    ['A=plain', 'plain'],
    ['A="double quoted"', 'double quoted'],
    ["A='single quoted'", 'single quoted'],
    ['A="a \\"quote\\" and \\$5 and \\\\ and \\`x\\`"', 'a "quote" and $5 and \\ and `x`'],
    ['A="kept \\n backslash"', 'kept \\n backslash'],
    ["A='no \\$ escape'", 'no \\$ escape'],
    ['A=joined"by the"\'shell\'', 'joinedby theshell'],
    ['A=first\nA=last', 'last'],
    ['A=', ''],
    ['A=""', ''],
    ['  A=indented  ', 'indented'],
    ['A=value # comment', 'value'],
    ['A="unterminated', 'unterminated'],
    ['A=x\r\n', 'x'],
    ['#A=commented', undefined],
    ['export A=x', undefined],
  ])('reads %j', (text, expected) => {
    expect(value(text)).toBe(expected)
  })

  it('bounds what it keeps and never throws', () => {
    expect(value(`A=${'x'.repeat(100_000)}`)).toHaveLength(256)
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void parseOsRelease(text)))
  })
})

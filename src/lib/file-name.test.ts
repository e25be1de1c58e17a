import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFileName } from './file-name.ts'

describe('lib/file-name', () => {
  it.each([
    [[0x61, 0x62], 'ab'],
    [[0xc3, 0xa9], 'é'],
    [[0x61, 0xff, 0xc3, 0xa9, 0xc3], 'a\\xffé\\xc3'],
    [[0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'],
    [[0xc0, 0x80], '\\xc0\\x80'],
    [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    [[], ''],
  ])('%j is %s', (bytes, expected) => {
    expect(decodeFileName(Uint8Array.from(bytes))).toBe(expected)
  })

  it('gives back what is UTF-8 and never throws', () => {
    const text = fc.string({ unit: 'binary' }).filter(value => value.isWellFormed())

    fc.assert(fc.property(text, value => decodeFileName(new TextEncoder().encode(value)) === value))
    fc.assert(fc.property(fc.uint8Array(), bytes => decodeFileName(bytes).isWellFormed()))
  })
})

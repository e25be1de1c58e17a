import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printableJson } from './json.ts'

describe('lib/json', () => {
  it('writes what reads back as it was, and nothing that cannot be seen', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        const text = printableJson(value)

        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })

  it('escapes C1 controls, bidirectional marks and tags, beyond the basic plane too', () => {
    expect(printableJson('\x9b31m\u202e\u{e0041}é😀')).toBe('"\\u009b31m\\u202e\\udb40\\udc41é😀"\n')
  })
})

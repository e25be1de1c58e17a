import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonc } from './jsonc.ts'

describe('lib/jsonc', () => {
  it.each([
    ['{"a": [1, 2,],}', { a: [1, 2] }],
    ['// first\n{"a": 1 /* one */, // two\n}', { a: 1 }],
    ['{"url": "https://example.com/,]", "b": "\\"//,}"}', { url: 'https://example.com/,]', b: '"//,}' }],
    ['[1, /* , */ ]', [1]],
    ['\ufeff{}', {}],
  ])('reads %j', (text, expected) => {
    const value = parseJsonc(text)

    expect(value).toEqual(expected)
  })

  it.each(['', '[1,,]', '{"a": }', '/* never ends', '"never ends', '/'])('refuses %j', text => {
    const parse = (): unknown => parseJsonc(text)

    expect(parse).toThrow(SyntaxError)
  })

  it('refuses deep nesting', () => {
    const parse = (): unknown => parseJsonc('['.repeat(100_000))

    expect(parse).toThrow('nested deeper')
  })

  it('reads all JSON as JSON', () => {
    const property = fc.property(fc.json(), text => {
      expect(parseJsonc(text)).toEqual(JSON.parse(text))
    })

    fc.assert(property)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiJson, parseJson, printableJson, printableJsonPieces } from './json.ts'

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

  it('writes what JSON.stringify does, also where lists are long and nested', () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.string({ unit: 'grapheme-ascii' }),
      fc.constant(null),
      fc.constant(undefined),
    )
    const { value: any } = fc.letrec(tie => ({
      value: fc.oneof({ maxDepth: 4 }, leaf, tie('list'), tie('table'), tie('long')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      table: fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
      long: fc
        .tuple(fc.integer({ min: 190, max: 410 }), tie('value'))
        .map(([length, item]) => Array.from({ length }, (_, at) => (at % 50 === 0 ? item : at))),
    }))
    fc.assert(
      fc.property(any, value => {
        fc.pre(value !== undefined)

        expect(printableJson(value)).toBe(`${JSON.stringify(value, undefined, 2)}\n`)
      }),
    )
  })

  it('writes in ASCII what reads back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        const text = asciiJson(value)

        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(text).toMatch(/^[\x20-\x7f]*$/)
      }),
    )
  })

  it.each([
    [0, 256, 0, true],
    [0, 257, 0, false],
    [300, 1, 0, true],
    [300, 256, 300, true],
    [300, 257, 300, false],
  ])('parses %i lists, one in the other %i times, beside %i in a text: %s', (beside, deep, inText, isFine) => {
    const nested = `${'['.repeat(deep - 1)}"${'[{'.repeat(inText)}"${']'.repeat(deep - 1)}`
    const text = `[${'[],'.repeat(beside)}${nested}]`

    if (isFine) expect(parseJson(text)).toEqual(JSON.parse(text))
    else expect(() => parseJson(text)).toThrow('nested deeper than 256')
  })

  it('refuses more values than it is told, however they lie', () => {
    expect(parseJson('[1,2,3]', 3)).toEqual([1, 2, 3])
    for (const text of ['[1,2,3,4]', '[[],[],[]]', `[1,2,3,${'[],'.repeat(300)}4]`])
      expect(() => parseJson(text, 3)).toThrow('more than 3 values')
  })

  it('writes what is iterable as a list', () => {
    const made = { a: [1], items: new Set([{ b: 2 }, 'c']).values(), none: [].values() }

    expect(printableJson(made)).toBe(`${JSON.stringify({ a: [1], items: [{ b: 2 }, 'c'], none: [] }, undefined, 2)}\n`)
  })

  it('never holds a long list in one piece', () => {
    const items = Array.from({ length: 50_000 }, (_, at) => ({ name: `package-${at}`, places: [{ path: 'a' }] }))

    const pieces = [...printableJsonPieces({ schema: 'x', runs: [{ items }] })]

    expect(Math.max(...pieces.map(piece => piece.length))).toBeLessThan(100_000)
    expect(pieces.join('')).toBe(`${JSON.stringify({ schema: 'x', runs: [{ items }] }, undefined, 2)}\n`)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareText } from '#lib/text.ts'
import { canonical, canonicalPieces } from './facts.ts'

/** The same by JavaScript's own means: a copy of every object with its members in order. */
function byCopies(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => compareText(a, b)))
      : item,
  )
}

describe('engine/facts', () => {
  it.each([
    [{ b: 1, a: [{ d: null, c: 'é"\n' }] }, '{"a":[{"c":"é\\"\\n","d":null}],"b":1}'],
    [{ left: undefined, list: [undefined, 1] }, '{"list":[null,1]}'],
    [{ b: 1, 10: 2, 9: 3, '08': 4 }, '{"9":3,"10":2,"08":4,"b":1}'],
    [JSON.parse('{"__proto__":{"b":1,"a":2}}'), '{"__proto__":{"a":2,"b":1}}'],
    ['text', '"text"'],
    [{}, '{}'],
  ])('spells %j in one way', (value, expected) => {
    expect(canonical(value)).toBe(expected)
    expect(byCopies(value)).toBe(expected)
  })

  it('spells every value as a copy in order is spelled', () => {
    const key = fc.oneof(fc.string(), fc.nat().map(String), fc.constantFrom('a', 'A', '1a', '-1', '01', '__proto__'))
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, fc.option(tie('value'), { nil: undefined }), { maxKeys: 6 }),
      ),
    }))

    fc.assert(fc.property(value, one => canonical(one) === byCopies(one)))
  })

  it('gives the same in pieces', () => {
    const value = fc.dictionary(
      fc.string({ minLength: 1 }).filter(key => !/^\d|^__proto__$/.test(key)),
      fc.jsonValue(),
    )

    fc.assert(
      fc.property(value, one => [...canonicalPieces(one as Record<string, unknown>)].join('') === canonical(one)),
    )
  })
})

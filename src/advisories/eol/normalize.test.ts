import { describe, expect, it } from 'vitest'
import { normalizeEol } from './normalize.ts'

describe('advisories/eol/normalize', () => {
  it('gives both shapes of endoflife.date as one', () => {
    const first = {
      debian: [{ cycle: '12', releaseDate: '2023-06-10', eol: '2026-07-11', eoes: '2028-06-30' }],
      alpine: [
        { cycle: 'edge', eol: false },
        { cycle: '1', releaseDate: '2006-01-01', eol: true },
      ],
    }
    const release = {
      name: '12',
      releaseDate: '2023-06-10',
      isEol: false,
      eolFrom: '2026-07-11',
      isEoes: false,
      eoesFrom: '2028-06-30',
    }
    const second = {
      schema_version: '1.2.0',
      result: [
        { name: 'debian', releases: [release] },
        {
          name: 'alpine',
          releases: [
            { name: 'edge', isEol: false, eolFrom: null },
            { name: '1', releaseDate: '2006-01-01', isEol: true, eolFrom: null },
          ],
        },
      ],
    }

    const expected = [
      { product: 'alpine', cycle: '1', regularUntil: '2006-01-01', lastUntil: '2006-01-01' },
      { product: 'alpine', cycle: 'edge', regularUntil: undefined, lastUntil: undefined },
      { product: 'debian', cycle: '12', regularUntil: '2026-07-11', lastUntil: '2028-06-30' },
    ]
    expect(normalizeEol(first)).toEqual(expected)
    expect(normalizeEol(second)).toEqual(expected)
  })

  it.each([[undefined], [{}], [[]], [{ debian: {} }], [{ debian: [{}] }], [{ result: [{}] }]])('refuses %j', raw => {
    expect(typeof normalizeEol(raw)).toBe('string')
  })
})

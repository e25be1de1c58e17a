import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cveNumber, normalizeEpss } from './normalize.ts'

const head = '#model_version:v2025.03.14,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\n'

describe('advisories/epss/normalize', () => {
  it('reads model, day and scores', () => {
    expect(normalizeEpss(`${head}CVE-2024-10000,0.5,0.9\nCVE-1999-0001,0.03351,0.87650\n`)).toEqual({
      date: '2026-08-16',
      model: 'v2025.03.14',
      rows: [
        [cveNumber('CVE-1999-0001'), 0.03351, 0.8765],
        [cveNumber('CVE-2024-10000'), 0.5, 0.9],
      ],
    })
  })

  it.each([
    '',
    '<html>\n',
    head,
    `${head}CVE-1999-0001,0.1,0.2`,
    `${head}CVE-1999-0001,1.1,0.2\n`,
    `${head}CVE-1,0.1,0.2\n`,
    `${head}CVE-1999-0001,0.1\n`,
  ])('refuses %j', text => {
    expect(typeof normalizeEpss(text)).toBe('string')
  })

  it('gives different CVEs different numbers, and never throws', () => {
    const id = fc.tuple(fc.integer({ min: 1999, max: 2099 }), fc.integer({ min: 1000, max: 9_999_999_999 }))

    fc.assert(
      fc.property(id, id, fc.string(), ([yearA, a], [yearB, b], text) => {
        const isSame = yearA === yearB && a === b
        expect(cveNumber(`CVE-${yearA}-${a}`) === cveNumber(`CVE-${yearB}-${b}`)).toBe(isSame)
        expect(typeof normalizeEpss(head + text)).toBe(typeof normalizeEpss(head + text))
      }),
    )
  })
})

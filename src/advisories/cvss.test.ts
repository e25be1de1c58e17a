import { describe, expect, it, vi } from 'vitest'
import { severityOfLabel, severityOfScore } from '#model/severity-bands.ts'
import { chooseRating } from '#model/severity-choice.ts'
import { loadRating } from './cvss.ts'

const rate = await loadRating()

describe('advisories/cvss', () => {
  // Scores from the CVSS 3.1, 3.0, 2.0 and 4.0 example documents of FIRST and from the NVD's entries of these CVEs.
  it.each([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10, 'CRITICAL', 'CVSSv31'], // CVE-2021-44228
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', 7.5, 'HIGH', 'CVSSv3'], // CVE-2014-0160
    ['CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N', 3.1, 'LOW', 'CVSSv31'], // CVE-2014-3566
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0, 'NONE', 'CVSSv31'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O', 9.8, 'CRITICAL', 'CVSSv31'],
    ['AV:N/AC:L/Au:N/C:C/I:C/A:C', 10, 'HIGH', 'CVSSv2'], // CVE-2003-0818
    ['AV:N/AC:L/Au:N/C:N/I:N/A:C', 7.8, 'HIGH', 'CVSSv2'], // CVE-2002-0392
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', 10, 'CRITICAL', 'CVSSv4'],
  ] as const)('rates %s', (vector, score, severity, method) => {
    const type = method === 'CVSSv2' ? 'CVSS_V2' : method === 'CVSSv4' ? 'CVSS_V4' : 'CVSS_V3'

    expect(rate({ type, score: vector }, 'GHSA')).toEqual({ source: 'GHSA', severity, score, vector, method })
  })

  it.each([
    '',
    'high',
    'CVSS:3.1/AV:N',
    'CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    'A'.repeat(10_000),
    '__proto__',
  ])('rates nothing by %j', vector => {
    expect(rate({ type: 'CVSS_V3', score: vector }, 'GHSA')).toBeUndefined()
  })

  it.each([
    ['CVSS_V3', 'CVSS:3.1/AV::\x1b[31m/AC:L'],
    // Found by fuzzing.
    ['CVSS_V4', 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:S'],
    ['CVSS_V4', 'CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:S/SI:N/SA:N'],
  ] as const)('prints nothing of what it cannot read: %s %j', (type, score) => {
    const prints = (['log', 'warn', 'error'] as const).map(name =>
      vi.spyOn(console, name).mockImplementation(() => undefined),
    )

    const rating = rate({ type, score }, 'GHSA')

    expect(rating).toBeUndefined()
    for (const print of prints) {
      expect(print).not.toHaveBeenCalled()
      print.mockRestore()
    }
  })

  it('knows words, and bands by version', () => {
    expect(['Moderate', 'IMPORTANT', 'negligible', 'untriaged', '9.8'].map(severityOfLabel)).toEqual([
      'MEDIUM',
      'HIGH',
      'LOW',
      undefined,
      undefined,
    ])
    expect([0, 0.1, 3.9, 4, 6.9, 7, 8.9, 9, 10].map(score => severityOfScore(score, 'CVSSv31'))).toEqual([
      'NONE',
      'LOW',
      'LOW',
      'MEDIUM',
      'MEDIUM',
      'HIGH',
      'HIGH',
      'CRITICAL',
      'CRITICAL',
    ])
    expect(severityOfScore(9.9, 'CVSSv2')).toBe('HIGH')
    expect(severityOfScore(Number.NaN, 'CVSSv4')).toBe('UNKNOWN')
  })
})

describe('model/severity-choice', () => {
  const ratings = [
    { source: 'AlmaLinux', severity: 'LOW' },
    { source: 'Bitnami', severity: 'CRITICAL', method: 'CVSSv4' },
    { source: 'GHSA', severity: 'MEDIUM' },
    { source: 'GHSA', severity: 'HIGH', method: 'CVSSv31' },
    { source: 'GHSA', severity: 'LOW', method: 'CVSSv2' },
  ] as const

  it('asks GHSA, then others, then distributions; and vectors by version', () => {
    expect(chooseRating(ratings)).toBe(ratings[3])
    expect(chooseRating(ratings.slice(0, 2))).toBe(ratings[1])
    expect(chooseRating(ratings.slice(2, 3))).toBe(ratings[2])
    expect(chooseRating([ratings[4], ratings[2]])).toBe(ratings[2])
    expect(chooseRating([])).toBeUndefined()
  })

  it('asks a distribution first for its own packages', () => {
    expect(chooseRating(ratings, 'AlmaLinux')).toBe(ratings[0])
    expect(chooseRating(ratings, 'Debian')).toBe(ratings[3])
  })
})

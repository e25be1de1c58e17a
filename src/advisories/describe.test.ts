import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadRating } from './cvss.ts'
import { type Contribution, describeFlaw } from './describe.ts'

const rate = await loadRating()
const none = { isNotice: false, flaws: 1, severities: [], cwes: [], references: [] }
const label = (score: string) => [{ type: 'label', score }] as const

const ghsa: Contribution = {
  ...none,
  id: 'GHSA-1',
  summary: 'from GHSA',
  severities: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }, ...label('CRITICAL')],
  cwes: ['CWE-79', 'CWE-9'],
  published: '2024-02-01T00:00:00Z',
}
const bitnami: Contribution = {
  ...none,
  id: 'BIT-x',
  summary: 'from Bitnami',
  severities: label('Low'),
  published: '2024-03-01T00:00:00Z',
}
const notice: Contribution = { ...none, id: 'ALSA-2024:1', isNotice: true, flaws: 12, severities: label('Important') }

describe('advisories/describe', () => {
  it('keeps every opinion and shows the most trusted', () => {
    const described = describeFlaw(
      { id: 'CVE-2024-1', members: ['GHSA-1', 'CVE-2024-1'] },
      [bitnami, notice, ghsa],
      rate,
    )

    expect(described).toMatchObject({
      id: 'CVE-2024-1',
      aliases: ['GHSA-1'],
      summary: 'from GHSA',
      severity: 'CRITICAL',
      severitySource: 'GHSA',
      cwes: ['CWE-9', 'CWE-79'],
      published: '2024-02-01T00:00:00Z',
    })
    expect(described.ratings.map(({ source, severity, score }) => [source, severity, score])).toEqual([
      ['AlmaLinux', 'HIGH', undefined],
      ['Bitnami', 'LOW', undefined],
      ['GHSA', 'CRITICAL', undefined],
      ['GHSA', 'CRITICAL', 9.8],
    ])
  })

  it('takes the word about many flaws only where there is none about this one', () => {
    const own: Contribution = { ...notice, id: 'ALSA-2024:2', flaws: 1, severities: label('Low') }
    const flaw = { id: 'CVE-2024-1', members: ['CVE-2024-1'] }
    const worse: Contribution = { ...notice, id: 'ALSA-2024:3', severities: label('Critical') }

    expect(describeFlaw(flaw, [notice, own], rate).severity).toBe('LOW')
    expect(describeFlaw(flaw, [notice, worse], rate).severity).toBe('CRITICAL')
    expect(describeFlaw(flaw, [], rate)).toMatchObject({ severity: 'UNKNOWN', ratings: [] })
  })

  it('does not depend on the order of records', () => {
    const flaw = { id: 'CVE-2024-1', members: ['CVE-2024-1', 'GHSA-1'] }
    const all = [ghsa, bitnami, notice]

    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 3 }), order => {
        expect(describeFlaw(flaw, order, rate)).toEqual(describeFlaw(flaw, all, rate))
      }),
    )
  })
})

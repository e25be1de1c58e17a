import { describe, expect, it } from 'vitest'
import { normalizeKev } from './normalize.ts'

const entry = {
  cveID: 'CVE-2021-44228',
  dateAdded: '2021-12-10',
  dueDate: '2021-12-24',
  knownRansomwareCampaignUse: 'Known',
}
const catalog = { dateReleased: '2025-08-25T17:04:19.9796Z', count: 1, vulnerabilities: [entry] }

describe('advisories/kev/normalize', () => {
  it('reads entries', () => {
    expect(normalizeKev(catalog)).toEqual({
      released: '2025-08-25T17:04:19.979Z',
      entries: [{ cve: 'CVE-2021-44228', added: '2021-12-10', due: '2021-12-24', ransomware: true }],
    })
  })

  it.each([
    ['nothing', undefined],
    ['no date', { ...catalog, dateReleased: 'soon' }],
    ['an empty catalog', { ...catalog, count: 0, vulnerabilities: [] }],
    ['another count', { ...catalog, count: 2 }],
    ['an entry without an id', { ...catalog, vulnerabilities: [{ ...entry, cveID: 'x' }] }],
    ['an entry without a date', { ...catalog, vulnerabilities: [{ ...entry, dateAdded: 12 }] }],
  ])('refuses %s', (_, raw) => {
    expect(typeof normalizeKev(raw)).toBe('string')
  })
})

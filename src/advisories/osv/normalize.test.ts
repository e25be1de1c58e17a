import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BrokenRecord } from './fields.ts'
import { newestTime, readModifiedIndex } from './index-file.ts'
import { normalizeOsv } from './normalize.ts'

const base = { id: 'GHSA-aaaa-bbbb-cccc', modified: '2024-05-01T00:00:00Z' }

function about(ecosystem: string, name: string, rest: object = {}) {
  return {
    package: { ecosystem, name },
    ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2' }] }],
    ...rest,
  }
}

describe('advisories/osv/normalize', () => {
  it('keeps what the record says about its folder and leaves out other ecosystems', () => {
    const raw = { ...base, aliases: ['CVE-2024-1000'], affected: [about('PyPI', 'Foo_Bar.baz'), about('npm', 'foo')] }

    const { advisory, refs, links, silent } = normalizeOsv(raw, 'PyPI')

    expect(advisory.affected.map(one => one.name)).toEqual(['foo-bar-baz'])
    expect({ refs, links, silent }).toEqual({
      refs: ['GHSA-aaaa-bbbb-cccc'],
      links: ['GHSA-aaaa-bbbb-cccc', 'CVE-2024-1000'],
      silent: false,
    })
  })

  it('drops GIT ranges and the custom ranges of Go', () => {
    const git = { type: 'GIT', repo: 'https://example.com', events: [{ introduced: '0' }] }
    const affected = about('Go', 'example.com/m', {
      ranges: [git, { type: 'SEMVER', events: [{ introduced: '0' }] }],
      ecosystem_specific: { custom_ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.5' }] }] },
    })

    expect(normalizeOsv({ ...base, id: 'GO-2024-1', affected: [affected] }, 'Go').advisory.affected[0]?.ranges).toEqual(
      [{ type: 'SEMVER', events: [{ introduced: '0' }] }],
    )
  })

  it('takes upstream of a distribution as flaws, not as aliases', () => {
    const raw = {
      ...base,
      id: 'DSA-1-1',
      upstream: ['CVE-2024-2', 'CVE-2024-1'],
      affected: [about('Debian:12', 'openssl')],
    }

    expect(normalizeOsv(raw, 'Debian')).toMatchObject({ refs: ['CVE-2024-1', 'CVE-2024-2'], links: [] })
  })

  it('takes related CVEs of AlmaLinux, and its word in the summary', () => {
    const raw = {
      ...base,
      id: 'ALSA-2024:1',
      summary: 'Important: kernel security update',
      related: ['CVE-2024-1', 'RHSA-2024:1'],
      affected: [about('AlmaLinux:9', 'kernel')],
    }

    const record = normalizeOsv(raw, 'AlmaLinux')

    expect(record).toMatchObject({ refs: ['CVE-2024-1'], links: [], silent: false })
    expect(record.advisory.severities).toEqual([{ type: 'label', score: 'Important' }])
  })

  it('keeps silent about bug-fix notices without a CVE, and withdrawn records', () => {
    const notice = { ...base, id: 'ALBA-2024:1', affected: [about('AlmaLinux:9', 'kernel')] }

    expect(normalizeOsv(notice, 'AlmaLinux').silent).toBe(true)
    expect(normalizeOsv({ ...notice, related: ['CVE-2024-1'] }, 'AlmaLinux').silent).toBe(false)
    expect(normalizeOsv({ ...base, withdrawn: '2024-06-01T00:00:00Z', affected: [] }, 'npm').silent).toBe(true)
  })

  it('ties the one CVE of a CGA record to its GHSA id', () => {
    const raw = {
      ...base,
      id: 'CGA-1',
      aliases: ['GHSA-x'],
      upstream: ['CVE-2024-1', 'GHSA-x'],
      affected: [about('Wolfi', 'go')],
    }

    expect(normalizeOsv(raw, 'Wolfi')).toMatchObject({ refs: ['CVE-2024-1'], links: ['CVE-2024-1', 'GHSA-x'] })
  })

  it('reads one spelling of Ubuntu releases, its priority and Debian urgency', () => {
    const ubuntu = {
      ...base,
      id: 'UBUNTU-CVE-2024-1',
      upstream: ['CVE-2024-1'],
      severity: [{ type: 'Ubuntu', score: 'medium' }],
      affected: [about('Ubuntu:22.04:LTS', 'curl')],
    }
    const debian = {
      ...base,
      id: 'DEBIAN-CVE-2024-1',
      affected: [about('Debian:12', 'curl', { ecosystem_specific: { urgency: 'low' } })],
    }

    const record = normalizeOsv(ubuntu, 'Ubuntu')

    expect(record.advisory.affected[0]?.ecosystem).toBe('Ubuntu:22.04')
    expect(record.advisory.severities).toEqual([{ type: 'label', score: 'medium' }])
    expect(normalizeOsv(debian, 'Debian').advisory.severities).toEqual([{ type: 'label', score: 'low' }])
  })

  it.each([
    ['no object', 'text'],
    ['no id', { modified: base.modified }],
    ['an id that leads out of the folder', { ...base, id: '../x' }],
    ['no time', { id: 'GHSA-1' }],
    ['a time that is none', { id: 'GHSA-1', modified: 'yesterday' }],
    ['another ecosystem', { ...base, affected: [about('npm', 'x')] }],
    [
      'events that are no list',
      { ...base, affected: [about('PyPI', 'x', { ranges: [{ type: 'SEMVER', events: 'all' }] })] },
    ],
    ['a version that is a number', { ...base, affected: [about('PyPI', 'x', { versions: [1] })] }],
    ['a package without a name', { ...base, affected: [{ package: { ecosystem: 'PyPI' } }] }],
  ])('refuses %s', (_, raw) => {
    expect(() => normalizeOsv(raw, 'PyPI')).toThrow(BrokenRecord)
  })

  it('puts back the zeros of year 1', () => {
    expect(normalizeOsv({ ...base, modified: '1-01-01T00:00:00Z' }, 'PyPI').advisory.modified).toBe(
      '0001-01-01T00:00:00Z',
    )
  })

  it('throws nothing but BrokenRecord, whatever it is given', () => {
    const key = fc.constantFrom(
      'id',
      'modified',
      'affected',
      'package',
      'ranges',
      'events',
      'aliases',
      'severity',
      '__proto__',
    )
    const value = fc.letrec(tie => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(base.id, base.modified, 'PyPI', 1, null, ''),
        fc.array(tie('any')),
        fc.dictionary(key, tie('any')),
      ),
    })).any

    fc.assert(
      fc.property(value, raw => {
        try {
          expect(normalizeOsv(raw, 'PyPI').refs.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenRecord)
        }
      }),
    )
  })
})

describe('advisories/osv/index-file', () => {
  it('reads times by id and refuses a file that is cut off', () => {
    expect([...readModifiedIndex('2024-05-01T00:00:00Z,A-1\n9999-01-01T00:00:00.5Z,B-2\r\n')!]).toEqual([
      ['A-1', '2024-05-01T00:00:00Z'],
      ['B-2', '9999-01-01T00:00:00.5Z'],
    ])
    expect(readModifiedIndex('')?.size).toBe(0)
    for (const text of ['2024-05-01T00:00:00Z,A-1', 'A-1\n', '2024-05-01T00:00:00Z,../x\n', '<html>\n'])
      expect(readModifiedIndex(text)).toBeUndefined()
  })

  it('does not take the future for the newest', () => {
    const now = new Date('2026-01-01T00:00:00Z')

    expect(newestTime(['9999-01-01T00:00:00Z', '2025-01-01T00:00:00Z', '2025-01-01T00:00:00.5Z'], now)).toBe(
      '2025-01-01T00:00:00.5Z',
    )
    expect(newestTime(['9999-01-01T00:00:00Z'], now)).toBeUndefined()
  })
})

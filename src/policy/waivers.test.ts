import { describe, expect, it } from 'vitest'
import type { Package } from '#model/package.ts'
import { debian, type Flaw, flaw, now, subject } from './fixtures/subject.ts'
import { judge } from './judge.ts'
import { parsePolicy } from './parse.ts'

const base = {
  id: 'w-1',
  vulnerability: 'CVE-2026-1000',
  reason: 'not reachable',
  requestedBy: 'dev@example.com',
  approvedBy: 'appsec@example.com',
  expires: '2026-08-31',
}

function judged(waiver: object, more: { flaw?: Flaw; packages?: readonly Package[]; at?: string } = {}) {
  const rules = [{ id: 'r', title: 't', when: 'true', stages: { build: 'fail' } }]
  const document = {
    apiVersion: 'sluice/v1',
    kind: 'Policy',
    metadata: { name: 'p', version: 1 },
    rules,
    waivers: [{ ...base, ...waiver }],
  }
  const policy = parsePolicy(JSON.stringify(document), 'p.yaml')
  const given = subject([flaw(more.flaw)], {
    ...(more.packages !== undefined && { packages: more.packages }),
    advisories: { consulted: ['Debian:12'], missing: [], asOf: more.at ?? now },
  })
  return judge(given, policy, { stage: 'build', at: more.at ?? now })
}

describe('policy/waivers', () => {
  it('takes a finding out of the judgement and records who is to be thanked', () => {
    const verdict = judged({ justification: 'vulnerable_code_not_present' })

    expect(verdict.status).toBe('pass')
    expect(verdict.waived).toEqual([
      {
        waiver: 'w-1',
        finding: flaw().fingerprint,
        reason: 'not reachable',
        expires: '2026-08-31',
        justification: 'vulnerable_code_not_present',
      },
    ])
  })

  it.each([
    ['2026-08-31T23:59:59Z', 'pass'],
    ['2026-09-01T00:00:00Z', 'fail'],
    ['2026-09-01T01:59:59+02:00', 'pass'],
    ['2026-08-31T20:00:00-04:00', 'fail'],
  ])('counts until the end of its last day in UTC: at %s the verdict is %s', (at, status) => {
    const verdict = judged({}, { at })

    expect(verdict.status).toBe(status)
    expect(verdict.notes).toEqual(status === 'pass' ? [] : ['waiver w-1 expired on 2026-08-31'])
  })

  it.each([
    ['CVE-2026-1000', 'pass'],
    ['cve-2026-1000', 'pass'],
    ['GHSA-aaaa-bbbb-cccc', 'pass'],
    ['DEBIAN-CVE-2026-1000', 'pass'],
    ['CVE-2026-100', 'fail'],
    ['CVE-2026-10000', 'fail'],
  ])('is found by any id of the flaw: %s gives %s', (vulnerability, status) => {
    const verdict = judged({ vulnerability }, { flaw: { aliases: ['GHSA-aaaa-bbbb-cccc'] } })

    expect(verdict.status).toBe(status)
  })

  it.each([
    ['pkg:deb/debian/openssl', 'pass'],
    ['pkg:deb/debian/openssl@1.0-1', 'pass'],
    ['pkg:deb/debian/openssl?arch=amd64', 'pass'],
    ['pkg:deb/debian/openssl@1.0-1?arch=amd64&distro=debian-12', 'pass'],
    ['pkg:deb/debian/openssl@1.0-2', 'fail'],
    ['pkg:deb/debian/openssl?arch=arm64', 'fail'],
    ['pkg:deb/debian/openssl?distro=debian-12&epoch=1', 'fail'],
    ['pkg:deb/ubuntu/openssl', 'fail'],
    ['pkg:deb/debian/openss', 'fail'],
    ['pkg:npm/openssl', 'fail'],
  ])('covers the packages that %s names: %s', (purl, status) => {
    expect(judged({ package: purl }).status).toBe(status)
  })

  it('may name the source package', () => {
    const packages = [debian('openssl', { source: { name: 'openssl-src', version: '1.0-1' } })]

    expect(judged({ package: 'pkg:deb/debian/openssl-src' }, { packages }).status).toBe('pass')
    expect(judged({ package: 'pkg:deb/debian/openssl-src@9' }, { packages }).status).toBe('fail')
  })

  it('covers a path only where no other copy of the package lies elsewhere', () => {
    const here = debian('openssl', { locations: [{ path: 'app/vendor/x' }] })
    const there = debian('openssl', { locations: [{ path: 'usr/lib/x' }] })

    expect(judged({ path: 'app/**' }, { packages: [here] }).status).toBe('pass')
    expect(judged({ path: 'app/*' }, { packages: [here] }).status).toBe('fail')
    expect(judged({ path: 'app/**' }, { packages: [here, there] }).status).toBe('fail')
  })

  it.each([
    ['registry.example.com/payments/web', 'pass'],
    ['registry.example.com/*/web', 'pass'],
    ['registry.example.com/*', 'fail'],
    ['registry.example.com/**', 'pass'],
    ['registry.example.com/search/*', 'fail'],
  ])('counts for images of %s: %s', (image, status) => {
    expect(judged({ image }).status).toBe(status)
  })

  it.each([
    [['fixAvailable'], { fixed: '2' }, 'waiver w-1 ended: CVE-2026-1000 has a fix'],
    [['kev'], { kev: true }, 'waiver w-1 ended: CVE-2026-1000 is known to be exploited'],
    [['fixAvailable', 'kev'], {}, undefined],
    [['kev'], { fixed: '2' }, undefined],
  ])('with endsWhen %o ends itself on %o', (endsWhen, more, note) => {
    const verdict = judged({ endsWhen }, { flaw: more })

    expect(verdict.status).toBe(note === undefined ? 'pass' : 'fail')
    expect(verdict.notes).toEqual(note === undefined ? [] : [note])
  })
})

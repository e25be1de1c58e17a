import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { AdvisoryCandidate, AdvisoryReader } from '#advisories/types.ts'
import type { Matching } from '#ecosystems/types.ts'
import type { Vulnerability } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import { matchPackages } from './match.ts'
import { planFixes } from './plan.ts'
import type { HashAlgorithm, Hasher } from './ports.ts'
import { judgeSupport } from './support.ts'

const hash = (algorithm: HashAlgorithm): Hasher => {
  const hasher = createHash(algorithm)
  return { update: data => void hasher.update(data), hex: () => hasher.digest('hex') }
}

/** Whole numbers as versions are enough here: orders have tests of their own. */
const numbers: Matching = {
  compare: (a, b) => Number(a) - Number(b),
  queries: found => [{ ecosystem: 'npm', name: found.name, version: found.version }],
}

function record(
  id: string,
  flaws: readonly string[],
  events: readonly object[],
  published = '2026-01-01T00:00:00Z',
): AdvisoryCandidate {
  const affected = [
    { ecosystem: 'npm', name: 'a', ranges: [{ type: 'SEMVER' as const, events: events as never }], versions: [] },
  ]
  return { id, source: id.split('-')[0]!, modified: published, published, affected, flaws }
}

function reader(
  candidates: readonly AdvisoryCandidate[],
  described: Readonly<Record<string, Partial<Vulnerability>>> = {},
): AdvisoryReader {
  return {
    covers: ecosystem => ecosystem === 'npm',
    lookup: (_ecosystem, name) => (name === 'a' ? candidates : []),
    describe: id => ({ id, aliases: [], severity: 'HIGH', ratings: [], cwes: [], references: [], ...described[id] }),
    support: () => ({ product: 'debian', cycle: '12', regularUntil: '2026-07-11', lastUntil: '2028-06-30' }),
    asOf: () => undefined,
    digest: () => 'sha256:0',
    revision: 'sha256:0',
    close: () => undefined,
  }
}

function pkg(version: string, more: Partial<Package> = {}): Package {
  const purl = `pkg:npm/a@${version}`
  return {
    purl,
    type: 'npm',
    name: 'a',
    version,
    licenses: [],
    state: 'installed',
    locations: [{ path: `x/${version}` }],
    ...more,
  }
}

const request = (packages: readonly Package[], advisories: AdvisoryReader) => ({
  packages,
  distro: undefined,
  matchings: new Map([['npm', numbers]]),
  advisories,
  hash,
})

describe('engine/match', () => {
  it('joins the records of one flaw and goes to the version on which all agree', () => {
    const advisories = reader([
      record('GHSA-1', ['CVE-1'], [{ introduced: '0' }, { fixed: '5' }], '2026-02-01T00:00:00Z'),
      record('CVE-1', ['CVE-1'], [{ introduced: '0' }, { fixed: '6' }]),
    ])

    const { findings } = matchPackages(request([pkg('4')], advisories))

    expect(findings).toHaveLength(1)
    expect(findings[0]!.advisories.map(({ id }) => id)).toEqual(['CVE-1', 'GHSA-1'])
    expect(findings[0]!.fix).toEqual({ available: true, version: '6', since: '2026-01-01T00:00:00Z' })
  })

  it('makes one finding of each flaw that a record passes on', () => {
    const advisories = reader([record('DSA-1', ['CVE-1', 'CVE-2'], [{ introduced: '0' }, { fixed: '5' }])])

    expect(
      matchPackages(request([pkg('4')], advisories)).findings.map(({ vulnerability }) => vulnerability.id),
    ).toEqual(['CVE-1', 'CVE-2'])
  })

  it('asks once for a package that lies in several places, and never for one that has an owner', () => {
    const advisories = reader([record('CVE-1', ['CVE-1'], [{ introduced: '0' }])])

    const twice = matchPackages(request([pkg('4'), pkg('4', { locations: [{ path: 'y' }] })], advisories))
    const owned = matchPackages(request([pkg('4', { owner: 'pkg:deb/debian/node-a@4' })], advisories))

    expect(twice.findings).toHaveLength(1)
    expect(twice.findings[0]!.fix).toEqual({ available: false })
    expect(owned.findings).toEqual([])
  })

  it('asks for both of two packages that differ by capitals and share a purl', () => {
    const advisories = reader([record('CVE-1', ['CVE-1'], [{ introduced: '0' }])])

    const { findings } = matchPackages(request([pkg('4', { name: 'A' }), pkg('4')], advisories))

    expect(findings).toHaveLength(1)
  })

  it('gives a fingerprint that a new version keeps', () => {
    const advisories = reader([record('CVE-1', ['CVE-1'], [{ introduced: '0' }])])

    const [one] = matchPackages(request([pkg('4')], advisories)).findings
    const [two] = matchPackages(request([pkg('5')], advisories)).findings

    expect(two!.fingerprint).toBe(one!.fingerprint)
  })

  it('tells which ecosystems the store lacks', () => {
    const other: Matching = { ...numbers, queries: () => [{ ecosystem: 'Debian:12', name: 'a', version: '1' }] }

    const matched = matchPackages({ ...request([pkg('4')], reader([])), matchings: new Map([['npm', other]]) })

    expect(matched).toMatchObject({ consulted: ['Debian:12'], missing: ['Debian:12'] })
  })

  it('puts known exploited flaws first, then the severe', () => {
    const advisories = reader(
      ['CVE-1', 'CVE-2', 'CVE-3'].map(id => record(id, [id], [{ introduced: '0' }])),
      {
        'CVE-1': { severity: 'LOW' },
        'CVE-2': { severity: 'CRITICAL' },
        'CVE-3': { severity: 'LOW', kev: { added: '2026-01-01', ransomware: false } },
      },
    )

    const order = matchPackages(request([pkg('4')], advisories)).findings.map(({ vulnerability }) => vulnerability.id)

    expect(order).toEqual(['CVE-3', 'CVE-2', 'CVE-1'])
  })
})

describe('engine/plan', () => {
  it('upgrades to the version that removes all it can, and does not promise what that version still has', () => {
    const advisories = reader([
      record('CVE-1', ['CVE-1'], [{ introduced: '0' }, { fixed: '5' }]),
      record('CVE-2', ['CVE-2'], [{ introduced: '0' }, { fixed: '3' }, { introduced: '6' }, { fixed: '9' }]),
      record('CVE-3', ['CVE-3'], [{ introduced: '0' }]),
      record('CVE-4', ['CVE-4'], [{ introduced: '0' }, { fixed: '7' }]),
    ])
    const asked = request([pkg('2')], advisories)
    const { findings } = matchPackages(asked)

    const actions = planFixes({ ...asked, findings })

    const fingerprint = (id: string) => findings.find(({ vulnerability }) => vulnerability.id === id)!.fingerprint
    expect(actions.map(({ kind, to }) => [kind, to])).toEqual([
      ['upgrade', '7'],
      ['none', undefined],
    ])
    expect(new Set(actions[0]!.removes)).toEqual(new Set([fingerprint('CVE-1'), fingerprint('CVE-4')]))
    expect(new Set(actions[1]!.removes)).toEqual(new Set([fingerprint('CVE-2'), fingerprint('CVE-3')]))
  })
})

describe('engine/support', () => {
  const distro = { id: 'debian', version: '12', name: 'Debian 12' }
  const support = (at: string) => judgeSupport(distro, { advisories: reader([]), at: new Date(at), hash })?.support

  it.each([
    ['2026-07-11T23:59:59Z', undefined],
    ['2026-07-12T00:00:00Z', 'extended'],
    ['2028-06-30T23:59:59Z', 'extended'],
    ['2028-07-01T00:00:00Z', 'ended'],
  ])('at %s is %s', (at, expected) => {
    expect(support(at)).toBe(expected)
  })
})

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Finding } from '#model/finding.ts'
import { stages } from '#model/stage.ts'
import type { Verdict } from '#model/verdict.ts'
import { defaultPolicyFile } from './default-policy.ts'
import { debian, flaw, now, subject, support } from './fixtures/subject.ts'
import { judge } from './judge.ts'
import { parsePolicy } from './parse.ts'
import type { Policy, Subject } from './types.ts'

const shipped = parsePolicy(readFileSync(defaultPolicyFile, 'utf8'), 'default.yaml')

function policyOf(rules: readonly object[], more: object = {}): Policy {
  const head = { apiVersion: 'sluice/v1', kind: 'Policy', metadata: { name: 'p', version: 1 } }
  return parsePolicy(JSON.stringify({ ...head, rules, ...more }), 'p.yaml')
}

const rule = (when: string, more: object = {}) => ({ id: 'r', title: 't', when, stages: { build: 'fail' }, ...more })

const build = (given: Subject, policy: Policy = shipped): Verdict => judge(given, policy, { stage: 'build', at: now })

const summary = ({ status, blocks }: Verdict) => `${status}${blocks ? ' blocks' : ''}`

const critical = flaw({ severity: 'CRITICAL', fixed: '1.0-2' })
const dev = debian('openssl', { dev: true })
const unread = { code: 'unreadable', detail: 'not a zip', location: { path: 'app/x.jar' } } as const

/** Findings, what else differs, and the verdict of the shipped policy at dev, build, registry, deploy, runtime. */
const truth: readonly (readonly [string, readonly Finding[], Partial<Subject>, readonly string[]])[] = [
  ['nothing', [], {}, ['pass', 'pass', 'pass', 'pass', 'pass']],
  ['high with a fix', [flaw({ fixed: '1' })], {}, ['warn', 'warn', 'warn', 'warn', 'warn']],
  ['critical without a fix', [flaw({ severity: 'CRITICAL' })], {}, ['warn', 'warn', 'warn', 'warn', 'warn']],
  ['critical with a fix', [critical], {}, ['warn', 'fail blocks', 'fail blocks', 'fail blocks', 'warn']],
  [
    'low that is exploited',
    [flaw({ severity: 'LOW', kev: true })],
    {},
    ['warn', 'fail blocks', 'fail blocks', 'fail blocks', 'warn'],
  ],
  [
    'critical with a fix, only for development',
    [critical],
    { packages: [dev] },
    ['warn', 'warn', 'warn', 'warn', 'warn'],
  ],
  [
    'exploited, only for development',
    [flaw({ kev: true })],
    { packages: [dev] },
    ['warn', 'warn', 'warn', 'warn', 'warn'],
  ],
  [
    'critical in a copy that is not only for development',
    [critical],
    { packages: [dev, debian('openssl')] },
    ['warn', 'fail blocks', 'fail blocks', 'fail blocks', 'warn'],
  ],
  ['extended support', [support('extended')], {}, ['warn', 'warn', 'warn', 'warn', 'warn']],
  [
    'ended support',
    [support('ended')],
    {},
    ['incomplete', 'incomplete blocks', 'incomplete blocks', 'incomplete blocks', 'incomplete'],
  ],
  [
    'an unread file',
    [],
    { problems: [unread] },
    ['incomplete', 'incomplete blocks', 'incomplete blocks', 'incomplete blocks', 'incomplete'],
  ],
  [
    'an unread file beside a failure',
    [critical],
    { problems: [unread] },
    ['incomplete', 'fail blocks', 'fail blocks', 'fail blocks', 'incomplete'],
  ],
]

describe('policy/judge', () => {
  it.each(truth)('gives %s under the shipped policy its verdict at each stage', (_name, findings, more, expected) => {
    const verdicts = stages.map(stage => summary(judge(subject(findings, more), shipped, { stage, at: now })))

    expect(verdicts).toEqual(expected)
  })

  it('tells every finding by exactly one rule of the shipped policy', () => {
    const findings = [
      critical,
      flaw({ id: 'CVE-2026-2', kev: true, severity: 'LOW' }),
      flaw({ id: 'CVE-2026-3' }),
      support('extended'),
    ]

    const { violations } = build(subject(findings))

    expect(violations.map(item => item.finding).sort()).toEqual(findings.map(item => item.fingerprint).sort())
  })

  it('fails a critical exploited flaw under both rules, and says so', () => {
    const verdict = build(subject([flaw({ severity: 'CRITICAL', fixed: '1', kev: true })]))

    expect(verdict.violations.map(item => item.rule)).toEqual(['known-exploited', 'fixable-critical'])
  })

  it.each([
    ['fresh', '2026-08-01T11:00:00Z', []],
    ['as old as allowed', '2026-07-25T12:00:00Z', []],
    ['a second too old', '2026-07-25T11:59:59Z', ['stale-advisories']],
    ['of unknown age', undefined, ['stale-advisories']],
    ['of an age nobody can read', 'last week', ['stale-advisories']],
    ['of the future by what clocks may differ', '2026-08-02T00:00:00Z', []],
    ['of the future by more', '2026-08-02T12:00:01Z', ['stale-advisories']],
  ])('takes advisories that are %s', (_name, asOf, codes) => {
    const advisories = { consulted: ['Debian:12'], missing: [], ...(asOf !== undefined && { asOf }) }

    const verdict = build(subject([], { advisories }))

    expect(verdict.incomplete.map(item => item.code)).toEqual(codes)
    expect(verdict.notes.some(note => note.includes('still to come'))).toBe(asOf === '2026-08-02T00:00:00Z')
  })

  it('is incomplete without the advisories that the target needs', () => {
    const advisories = { consulted: [], missing: ['npm', 'Debian:12'], asOf: now }

    const verdict = build(subject([], { advisories }))

    expect(verdict.incomplete).toEqual([
      { code: 'missing-advisories', detail: 'no advisories are held for Debian:12, npm' },
    ])
  })

  it('needs no advisories for a target without packages, and says that there are none', () => {
    const verdict = build(subject([], { packages: [], advisories: { consulted: [], missing: [] } }))

    expect(verdict.status).toBe('pass')
    expect(verdict.notes).toEqual(['no packages were found in this target'])
  })

  it('gathers problems of one kind and keeps an unknown distribution apart', () => {
    const many = Array.from({ length: 5 }, (_, index) => ({ ...unread, location: { path: `app/${index}.jar` } }))
    const unknown = { code: 'unknown-distribution', detail: 'FooOS 1 has no advisories' } as const

    const verdict = build(subject([], { problems: [unknown, ...many] }))

    expect(verdict.incomplete).toEqual([
      {
        code: 'problem',
        detail: 'unreadable: app/0.jar: not a zip; app/1.jar: not a zip; app/2.jar: not a zip; and 2 more',
      },
      { code: 'unknown-distribution', detail: 'FooOS 1 has no advisories' },
    ])
  })

  it('holds old facts against a policy that limits their age', () => {
    const policy = policyOf([], { data: { maxFactsAge: '30d' } })
    const codes = (factsAt: string) => build(subject([], { factsAt }), policy).incomplete.map(item => item.code)

    expect(codes('2026-07-02T12:00:00Z')).toEqual([])
    expect(codes('2026-07-02T11:59:59Z')).toEqual(['stale-facts'])
  })

  it.each([
    ['pass', false],
    ['warn', false],
    ['fail', true],
    [undefined, true],
  ])('stays incomplete where the policy answers %s to it', (answer, blocks) => {
    const policy = policyOf([], answer === undefined ? {} : { onIncomplete: { build: answer } })

    const verdict = build(subject([], { problems: [unread] }), policy)

    expect(verdict).toMatchObject({ status: 'incomplete', blocks })
  })

  it.each([
    ['finding.epss > 0.5', {}, 'incomplete'],
    ['finding.epss > 0.5', { epss: 0.9 }, 'fail'],
    ['finding.epss > 0.5', { epss: 0.1 }, 'pass'],
    ['has(finding.epss) && finding.epss > 0.5', {}, 'pass'],
    ['finding.severity >= CRITICAL && finding.epss > 0.5', {}, 'pass'],
    ['finding.score >= 7.0', {}, 'incomplete'],
    ['finding.score >= 7.0', { score: 7 }, 'fail'],
    ['finding.age > 30', {}, 'incomplete'],
    ['finding.age > 30', { published: '2026-07-01T00:00:00Z' }, 'fail'],
    ['finding.age > 31', { published: '2026-07-01T00:00:00Z' }, 'pass'],
    ['finding.fix.age >= 5', { fixed: '2', since: '2026-07-27T12:00:00Z' }, 'fail'],
    ['finding.fix.version == "2"', { fixed: '2' }, 'fail'],
    ['finding.fix.version == "2"', {}, 'incomplete'],
    ['finding.published < timestamp("2026-08-01T00:00:00Z")', { published: '2026-07-01T00:00:00Z' }, 'fail'],
    ['"GHSA-1" in finding.aliases', { aliases: ['GHSA-1'] }, 'fail'],
    ['finding.package.name == "openssl" && finding.package.type == "deb"', {}, 'fail'],
    ['finding.package.path.startsWith("var/lib/dpkg")', {}, 'fail'],
    ['image.labels.team == "payments"', {}, 'fail'],
    ['image.labels.tier == "gold"', {}, 'incomplete'],
    ['"tier" in image.labels && image.labels.tier == "gold"', {}, 'pass'],
    ['image.repository.endsWith("/web") && image.tags.size() == 1', {}, 'fail'],
    ['stage == "build" && now > timestamp("2026-01-01T00:00:00Z")', {}, 'fail'],
    ['finding.severity == HIGH', {}, 'fail'],
    ['finding.severity > HIGH', {}, 'pass'],
  ])('judges %s on %o as %s', (when, more, status) => {
    const verdict = build(subject([flaw(more)]), policyOf([rule(when)]))

    expect(verdict.status).toBe(status)
  })

  it('names the rule and the findings that it could not judge', () => {
    const verdict = build(subject([flaw()]), policyOf([rule('finding.epss > 0.5')]))

    expect(verdict.incomplete).toEqual([
      { code: 'rule-error', detail: 'rule r could not judge CVE-2026-1000: epss is not known (guard it with has(…))' },
    ])
  })

  it.each([
    ['2026-07-25T12:00:00Z', 'fail', undefined],
    ['2026-07-25T12:00:01Z', 'warn', '2026-08-01T12:00:01Z'],
    [undefined, 'fail', undefined],
  ])('lets a grace of seven days from %s end with %s', (since, status, until) => {
    const policy = policyOf([rule('true', { grace: { from: 'fixAvailable', days: 7, unless: 'finding.kev' } })])
    const given = { fixed: '2', ...(since !== undefined && { since }) }

    const verdict = build(subject([flaw(given)]), policy)
    const exploited = build(subject([flaw({ ...given, kev: true })]), policy)

    expect(verdict.status).toBe(status)
    expect(verdict.violations[0]?.graceUntil).toBe(until)
    expect(exploited.status).toBe('fail')
  })

  it('gives no grace where `unless` cannot be evaluated', () => {
    const grace = { from: 'fixAvailable', days: 7, unless: 'finding.epss > 0.5' }

    const verdict = build(subject([flaw({ fixed: '2', since: now })]), policyOf([rule('true', { grace })]))

    expect(verdict.status).toBe('fail')
  })

  it('judges what an operating-system package installed through that package', () => {
    const owner = debian('python3-foo')
    const owned = { ...debian('foo'), purl: 'pkg:pypi/foo@1', type: 'pypi' }
    const found = flaw({ package: owned.purl, severity: 'CRITICAL', fixed: '2' })

    const through = build(subject([found], { packages: [owner, { ...owned, owner: owner.purl }] }))
    const copy = build(subject([found], { packages: [owner, { ...owned, owner: owner.purl }, owned] }))
    const orphan = build(subject([found], { packages: [{ ...owned, owner: owner.purl }] }))

    expect([through.status, copy.status, orphan.status]).toEqual(['pass', 'fail', 'fail'])
    expect(through.notes[0]).toContain('judged through those')
  })

  it('notes how many findings nobody rated, where a rule asks for severity', () => {
    const unrated = subject([flaw({ severity: 'UNKNOWN', fixed: '2' })])

    expect(build(unrated).notes).toEqual([
      '1 finding has no severity that anybody published, so rules on severity do not catch them',
    ])
    expect(build(unrated, policyOf([rule('finding.kev')])).notes).toEqual([])
    expect(build(subject([flaw()])).notes).toEqual([])
  })

  it('notes that a policy is meant for other targets, and judges all the same', () => {
    const policy = policyOf([rule('true')], { scope: { include: [{ repository: 'registry.example.com/search/*' }] } })

    const verdict = build(subject([flaw()]), policy)

    expect(verdict.status).toBe('fail')
    expect(verdict.notes[0]).toContain('does not cover this target')
  })

  it('gives the same verdict for the same inputs, byte for byte', () => {
    const level = fc.constantFrom('LOW', 'MEDIUM', 'HIGH', 'CRITICAL' as const)
    const one = fc.record({
      id: fc.stringMatching(/^CVE-2026-[0-9]{4}$/),
      severity: level,
      kev: fc.boolean(),
      fixed: fc.option(fc.constant('2'), { nil: undefined }),
    })

    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), fc.constantFrom(...stages), (flaws, stage) => {
        const given = subject(flaws.map(flaw))
        const again = parsePolicy(readFileSync(defaultPolicyFile, 'utf8'), 'default.yaml')

        const first = JSON.stringify(judge(given, shipped, { stage, at: now }))
        const second = JSON.stringify(judge(structuredClone(given), again, { stage, at: now }))

        expect(second).toBe(first)
      }),
      { numRuns: 50 },
    )
  })

  it('never lets a finding make a verdict better', () => {
    const order = ['pass', 'warn', 'incomplete', 'fail']
    const findings = [
      flaw({ id: 'CVE-2026-1' }),
      critical,
      support('extended'),
      support('ended'),
      flaw({ kev: true, id: 'CVE-2026-9' }),
    ]

    for (const extra of findings)
      for (const other of findings) {
        const without = order.indexOf(build(subject([other])).status)
        const withIt = order.indexOf(build(subject([other, extra])).status)

        expect(withIt).toBeGreaterThanOrEqual(without)
      }
  })

  it('refuses a clock that is none', () => {
    expect(() => judge(subject([]), shipped, { stage: 'build', at: 'noon' })).toThrow('not an RFC 3339 time')
  })
})

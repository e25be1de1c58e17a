import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ScanResult } from '#model/report.ts'
import { defaultPolicyFile } from './default-policy.ts'
import { type Flaw, flaw, now, subject, support } from './fixtures/subject.ts'
import { judge } from './judge.ts'
import { parsePolicy } from './parse.ts'
import { runPolicyTests, subjectOf } from './test-policy.ts'

function report(more: Flaw): ScanResult {
  const { target, packages, findings, problems, advisories } = subject([flaw(more)])
  return {
    tool: { name: 'sluice', version: '0.1.0' },
    target,
    packages,
    findings,
    problems,
    advisories,
    actions: [],
    createdAt: now,
  }
}

function run(test: object, facts: (path: string) => ScanResult) {
  const rules = [
    { id: 'critical', title: 't', when: 'finding.severity >= CRITICAL', stages: { build: 'fail' } },
    { id: 'rest', title: 't', when: 'finding.severity < CRITICAL', stages: { build: 'warn' } },
  ]
  const tests = [{ name: 'n', facts: 'f.json', stage: 'build', expect: 'fail', ...test }]
  const document = { apiVersion: 'sluice/v1', kind: 'Policy', metadata: { name: 'p', version: 1 }, rules, tests }
  return runPolicyTests(parsePolicy(JSON.stringify(document), 'p'), facts)[0]!
}

const critical = report({ severity: 'CRITICAL', aliases: ['GHSA-1'] })

describe('policy/test-policy', () => {
  it.each([
    [{ because: ['CVE-2026-1000'] }, []],
    [{ because: ['ghsa-1', 'critical'] }, []],
    [{ because: ['CVE-2026-2000'] }, ['expected because of CVE-2026-2000, which the verdict does not name']],
    [{ expect: 'warn' }, ['expected warn, but the verdict is fail']],
    [{ stage: 'dev' }, ['expected fail, but the verdict is pass']],
    [{ at: '2026-09-01T00:00:00Z' }, []],
    [
      { expect: 'incomplete', at: '2026-09-01T00:00:00Z', because: ['stale-advisories'] },
      ['expected incomplete, but the verdict is fail'],
    ],
  ])('of %o says %o', (test, reasons) => {
    const result = run(test, () => critical)

    expect(result.reasons).toEqual(reasons)
    expect(result.passed).toBe(reasons.length === 0)
  })

  it('does not take a warning for the cause of a failure', () => {
    const both = { ...critical, findings: [...critical.findings, flaw({ id: 'CVE-2026-7' })] }

    expect(run({ because: ['CVE-2026-7'] }, () => both).passed).toBe(false)
  })

  it('makes the verdict of a saved report again, byte for byte', () => {
    const policy = parsePolicy(readFileSync(defaultPolicyFile, 'utf8'), 'default.yaml')
    const clock = { stage: 'build', at: now } as const
    const given = subject([flaw({ severity: 'CRITICAL', fixed: '2' }), flaw({ id: 'CVE-2026-2' }), support('ended')])
    const verdict = judge(given, policy, clock)
    const { target, packages, findings, problems, advisories } = given
    const tool = { name: 'sluice', version: '0.1.0' } as const
    const saved: ScanResult = {
      tool,
      target,
      packages,
      findings,
      problems,
      advisories,
      actions: [],
      createdAt: now,
      verdict,
    }

    const again = judge(subjectOf(JSON.parse(JSON.stringify(saved))), policy, clock)

    expect(JSON.stringify(again)).toBe(JSON.stringify(verdict))
  })

  it('fails the test whose facts cannot be read', () => {
    const result = run({}, path => {
      throw new Error(`no such file: ${path}`)
    })

    expect(result).toMatchObject({ passed: false, reasons: ['f.json cannot be judged: no such file: f.json'] })
  })
})

import { describe, expect, it } from 'vitest'
import type { ScanResult } from '#model/report.ts'
import { sample } from './fixtures/sample.ts'
import { causesOf, packageNames, waiversOf, wayOut } from './summary.ts'

const waived = sample.findings.find(finding => finding.fingerprint === sample.verdict?.waived[0]?.finding)!

describe('reports/summary', () => {
  it('tells each flaw once, with all rules and packages', () => {
    const causes = causesOf(sample, 'fail').map(({ name, rules, packages }) => [name, rules, packageNames(packages)])

    expect(causes).toEqual([
      ['CVE-2021-44228', ['known-exploited', 'fixable-critical'], 'org.apache.logging.log4j:log4j-core 2.14.1'],
      ['CVE-2024-5535', ['fixable-critical'], 'openssl 3.0.14-1~deb12u2 (libssl3)'],
    ])
  })

  it('names a package with all its versions', () => {
    const [lodash] = sample.packages.filter(item => item.name === 'lodash')

    expect(packageNames([lodash!, { ...lodash!, version: '4.17.15' }, lodash!])).toBe('lodash 4.17.20, 4.17.15')
    expect(packageNames([])).toBe('')
  })

  it('finds the changes that take away what fails, and what they leave', () => {
    const { actions, left } = wayOut(sample)
    const without = wayOut({ ...sample, actions: sample.actions.slice(1) })

    expect(actions.map(action => action.name)).toEqual(['org.apache.logging.log4j:log4j-core', 'openssl'])
    expect(left).toEqual([])
    expect(without.left.map(finding => finding.fingerprint)).toEqual([sample.findings[0]!.fingerprint])
  })

  it('takes a fingerprint for waived only where every version that has it is', () => {
    const twice: ScanResult = { ...sample, findings: [...sample.findings, { ...waived }] }
    const verdict = sample.verdict!
    const broken = { rule: 'r', title: 't', action: 'warn', finding: waived.fingerprint } as const
    const open: ScanResult = { ...sample, verdict: { ...verdict, violations: [broken] } }

    expect([...waiversOf(sample).keys()]).toEqual([waived.fingerprint])
    expect(waiversOf(twice).size).toBe(0)
    expect(waiversOf(open).size).toBe(0)
  })
})

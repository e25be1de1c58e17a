import { describe, expect, it } from 'vitest'
import type { ScanResult } from '#model/report.ts'
import { hostileName, sample } from './fixtures/sample.ts'
import { renderSarif } from './sarif.ts'
import { plainMessage, relativeUri, shorten } from './sarif-text.ts'

const runOf = (result: ScanResult) => JSON.parse([...renderSarif(result)].join('')).runs[0]

describe('reports/sarif', () => {
  it('has one rule per flaw and one result per finding, each pointing at its rule', () => {
    const run = runOf(sample)

    const rules = run.tool.driver.rules.map((rule: { id: string }) => rule.id)
    expect(new Set(rules).size).toBe(rules.length)
    expect(run.results).toHaveLength(sample.findings.length)
    for (const result of run.results) expect(rules[result.ruleIndex]).toBe(result.ruleId)
  })

  it('keeps the category free of tag and digest, so that the next scan replaces this one', () => {
    expect(runOf(sample).automationDetails.id).toBe('container/registry.example.com/shop/Web/linux-amd64/')
    expect(
      runOf({ ...sample, target: { scheme: 'dir', name: 'services/web', kind: 'directory' } }).automationDetails.id,
    ).toBe('directory/services/web/')
  })

  it('suppresses exactly what is waived', () => {
    const suppressed = runOf(sample).results.filter((result: object) => 'suppressions' in result)

    expect(suppressed.map((result: { ruleId: string }) => result.ruleId)).toEqual(['CVE-2023-45853'])
  })

  it('gives each severity a score in the band that GitHub shows it by, and none where nobody rated', () => {
    const bands: Record<string, readonly [number, number]> = {
      CRITICAL: [9, 10],
      HIGH: [7, 8.9],
      MEDIUM: [4, 6.9],
      LOW: [0.1, 3.9],
    }
    for (const severity of ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN', 'NONE'] as const) {
      const findings = sample.findings.map(finding => ({ ...finding, severity }))
      for (const { properties } of runOf({ ...sample, findings }).tool.driver.rules) {
        const score = properties['security-severity']
        const [low, high] = bands[severity] ?? [Number.NaN, Number.NaN]
        expect(
          score === undefined ? bands[severity] === undefined : Number(score) >= low && Number(score) <= high,
        ).toBe(true)
      }
    }
  })

  it('tells what was not read', () => {
    const [invocation] = runOf(sample).invocations

    expect(invocation.toolExecutionNotifications[0]).toMatchObject({ level: 'error', descriptor: { id: 'unreadable' } })
  })

  it.each([
    ['app/a b/c.jar!/d@1:2.jar', 'app/a%20b/c.jar%21/d%401%3A2.jar'],
    ['../../etc/passwd', 'etc/passwd'],
    ['/abs//path/./x', 'abs/path/x'],
    ['', 'target'],
    ['a\ud800b', 'a%EF%BF%BDb'],
    ['100%', '100%25'],
  ])('writes %j as %s', (path, uri) => {
    expect(relativeUri(path)).toBe(uri)
  })

  it('makes no link of what a target is called', () => {
    expect(plainMessage('[click](http://evil)')).toBe('\\[click\\](http://evil)')
    expect(plainMessage(hostileName)).not.toContain('\u001b')
    expect(shorten('👍'.repeat(1000)).isWellFormed()).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { compilePattern } from '#lib/linear-pattern.ts'
import { compileCondition } from './condition.ts'

/** What the condition says of a finding in a package of this name. */
function said(source: string, name: string) {
  const condition = compileCondition(source, compilePattern)
  if ('error' in condition) throw new Error(condition.error)
  const finding = { id: 'CVE-2026-1', package: { name, purl: '(' } }
  return condition.evaluate({ finding, image: {}, stage: 'build', now: new Date(0) })
}

describe('policy/condition', () => {
  it.each([
    ['finding.package.name.matches("^lib[a-z]+$")', true],
    ['!finding.package.name.matches("ssl")', false],
    ["finding.package.name.matches(r'\\w+$') && finding.id.matches('-2026-')", true],
    ['["xyz", "openssl"].exists(part, finding.package.name.matches(part + "$"))', true],
    ['finding.package.name.matches(finding.id)', false],
  ])('asks patterns: %s', (source, expected) => {
    expect(said(source, 'libopenssl')).toBe(expected)
  })

  // Names are an attacker's. JavaScript's own engine would not end within the age of the universe on any of these.
  it.each(['^(a+)+$', '^((a+))+$', '^(a|a)*$', '^(a?){40}a{40}$', '(.*)*x$'])(
    'ends in time on any name with the pattern %s',
    pattern => {
      expect(said(`finding.package.name.matches("${pattern}")`, `${'a'.repeat(50_000)}!`)).toBe(false)
    },
  )

  it('says what is wrong with a pattern that data made up', () => {
    expect(said('finding.id.matches(finding.package.purl)', 'a')).toEqual({
      error: expect.stringContaining('the pattern ( is no pattern of RE2: missing closing )'),
    })
  })
})

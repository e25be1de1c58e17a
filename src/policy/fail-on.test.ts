import { describe, expect, it } from 'vitest'
import { failOnLevels, failOnPolicy } from './fail-on.ts'
import { flaw, now, subject } from './fixtures/subject.ts'
import { judge } from './judge.ts'

const status = (levels: readonly string[], finding = flaw()) =>
  judge(subject([finding]), failOnPolicy(levels), { stage: 'build', at: now }).status

describe('policy/fail-on', () => {
  it.each([
    [['high'], flaw(), 'fail'],
    [['HIGH '], flaw(), 'fail'],
    [['critical'], flaw(), 'warn'],
    [['critical', 'kev'], flaw({ kev: true }), 'fail'],
    [['fixable'], flaw(), 'warn'],
    [['fixable'], flaw({ fixed: '2' }), 'fail'],
    [['critical', 'fixable'], flaw({ fixed: '2' }), 'warn'],
    [['fixable', 'high'], flaw({ fixed: '2' }), 'fail'],
    [['fixable', 'high'], flaw({ severity: 'CRITICAL' }), 'warn'],
    [[], flaw({ severity: 'CRITICAL' }), 'warn'],
  ])('%o on %o gives %s', (levels, finding, expected) => {
    expect(status(levels, finding)).toBe(expected)
  })

  it('tells each finding once where several severities are named', () => {
    const policy = failOnPolicy(['high', 'critical'])

    const verdict = judge(subject([flaw({ severity: 'CRITICAL' })]), policy, { stage: 'dev', at: now })

    expect(verdict.violations).toHaveLength(1)
    expect(verdict.status).toBe('fail')
  })

  it.each(failOnLevels.map(level => [level]))('makes a policy of %s', level => {
    expect(failOnPolicy([level]).rules).toHaveLength(2)
  })

  it('says what was meant', () => {
    expect(() => failOnPolicy(['hihg'])).toThrow('--fail-on does not know "hihg"')
  })
})

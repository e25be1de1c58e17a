import { closest } from '#lib/closest.ts'
import { Failure } from '#lib/failure.ts'
import { stages } from '#model/stage.ts'
import { parsePolicy } from './parse.ts'
import type { Policy } from './types.ts'

const severityLevels = ['low', 'medium', 'high', 'critical'] as const

/**
 * What `--fail-on` takes. `fixable` beside a severity narrows it to flaws that have a fix; without one it stands for
 * every flaw that has a fix.
 */
export const failOnLevels: readonly string[] = [...severityLevels, 'kev', 'fixable', 'secret']

/**
 * The policy that `--fail-on high,kev` is short for: what one of the levels names fails at every stage, the rest warns.
 * It is written in the policy language and read like any other document. Throws `Failure` for a level that is not known.
 */
export function failOnPolicy(levels: readonly string[]): Policy {
  return parsePolicy(failOnDocument(levels), '--fail-on')
}

/** The document itself, as JSON, for people who want to go on from it. */
export function failOnDocument(levels: readonly string[]): string {
  const chosen = [...new Set(levels.map(level => level.trim().toLowerCase()))]
  for (const level of chosen) check(level)
  const conditions = rulesOf(chosen)
  const failing = conditions.map(({ id, title, when }) => ({ id, title, when, stages: everywhere('fail') }))
  const rest = conditions.map(({ when }) => `!(${when})`)
  const warning = {
    id: 'other',
    title: 'A finding below what --fail-on names',
    when: rest.join(' && ') || 'true',
    stages: everywhere('warn'),
  }
  return JSON.stringify(
    {
      apiVersion: 'sluice/v1',
      kind: 'Policy',
      metadata: { name: `fail-on ${chosen.join(',')}`, version: 1 },
      onIncomplete: { dev: 'warn', build: 'fail', registry: 'fail', deploy: 'fail', runtime: 'warn' },
      rules: [...failing, warning],
    },
    undefined,
    2,
  )
}

function check(level: string): void {
  if (failOnLevels.includes(level)) return
  const meant = closest(level, failOnLevels)
  throw new Failure('policy/invalid', `--fail-on does not know ${JSON.stringify(level)}`, {
    hint: meant === undefined ? `Known are ${failOnLevels.join(', ')}.` : `Did you mean ${meant}?`,
  })
}

interface FailOnRule {
  readonly id: string
  readonly title: string
  readonly when: string
}

/** Of several severities only the lowest says anything; the others would tell each finding twice. */
function rulesOf(levels: readonly string[]): FailOnRule[] {
  const rules: FailOnRule[] = []
  const severity = severityLevels.find(level => levels.includes(level))
  const fixable = levels.includes('fixable')
  if (severity !== undefined || fixable) rules.push(severityRule(severity, fixable))
  if (levels.includes('kev')) {
    const when = 'finding.kind == "vulnerability" && finding.kev'
    rules.push({ id: 'kev', title: 'No vulnerability that attackers are known to use', when })
  }
  if (levels.includes('secret'))
    rules.push({ id: 'secret', title: 'No secret in the image', when: 'finding.kind == "secret"' })
  return rules
}

function severityRule(severity: string | undefined, fixable: boolean): FailOnRule {
  const words = severity === undefined ? '' : severity === 'critical' ? ' critical' : ` ${severity} or worse`
  const worse = severity === undefined ? '' : ` && finding.severity >= ${severity.toUpperCase()}`
  return {
    id: [...(fixable ? ['fixable'] : []), ...(severity === undefined ? [] : [severity])].join('-'),
    title: `No${words} vulnerability${fixable ? ' that has a fix' : ''}`,
    when: `finding.kind == "vulnerability"${worse}${fixable ? ' && finding.fix.available' : ''}`,
  }
}

function everywhere(action: 'warn' | 'fail'): Record<string, string> {
  return Object.fromEntries(stages.map(stage => [stage, action]))
}

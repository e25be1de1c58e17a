import type { Finding } from '#model/finding.ts'
import type { Variables } from './condition.ts'
import { day, formatTime, parseTime } from './duration.ts'
import type { GraceStart, Rule } from './types.ts'

/**
 * When the finding's grace under the rule ends, RFC 3339; undefined where it has ended or never was. Without a known
 * start there is no grace, and an `unless` that cannot be evaluated counts as true: doubt never softens a failure.
 */
export function graceUntil(rule: Rule, finding: Finding, variables: Variables): string | undefined {
  const { grace } = rule
  if (grace === undefined) return undefined
  const start = startOf(grace.from, finding)
  if (start === undefined) return undefined
  const until = start + grace.days * day
  if (variables.now.getTime() >= until) return undefined
  if (grace.unless !== undefined && grace.unless.evaluate(variables) !== false) return undefined
  return formatTime(until)
}

function startOf(from: GraceStart, finding: Finding): number | undefined {
  if (finding.kind !== 'vulnerability') return from === 'published' ? parseTime(finding.regularUntil) : undefined
  if (from === 'fixAvailable') return parseTime(finding.fix.since)
  if (from === 'kevAdded') return parseTime(finding.vulnerability.kev?.added)
  return parseTime(finding.vulnerability.published)
}

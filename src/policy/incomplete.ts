import { compareText } from '#lib/text.ts'
import type { Problem, ProblemCode } from '#model/problem.ts'
import { problemCodes } from '#model/problem.ts'
import type { IncompleteReason } from '#model/verdict.ts'
import { formatDuration, parseTime } from './duration.ts'
import type { Policy, Subject } from './types.ts'

/**
 * Clocks of machines and sources differ by less than this, in milliseconds. Where it is more, one of them was set, and
 * ages, waivers and dates of support tell nothing.
 */
const maxAhead = 86_400_000

/** Why nobody may call the target clean, and notes about the data. `now` is in milliseconds. */
export function findGaps(
  subject: Subject,
  policy: Policy,
  now: number,
): { readonly reasons: readonly IncompleteReason[]; readonly notes: readonly string[] } {
  const notes: string[] = []
  const reasons = [
    ...problemReasons(subject.problems),
    ...distributionReasons(subject),
    ...missingReasons(subject),
    ...ageReasons(subject, policy, now, notes),
    ...factsReasons(subject, policy, now),
  ]
  return { reasons, notes }
}

/** Problems of one kind are one reason: a damaged layer may leave hundreds of unread files. */
function problemReasons(problems: readonly Problem[]): IncompleteReason[] {
  return problemCodes.flatMap(code => {
    const group = problems.filter(problem => problem.code === code)
    return group.length === 0 ? [] : [problemReason(code, group)]
  })
}

function problemReason(code: ProblemCode, group: readonly Problem[]): IncompleteReason {
  const lines = group.map(({ detail, location }) => (location === undefined ? detail : `${location.path}: ${detail}`))
  const shown = lines.sort(compareText).slice(0, 3).join('; ')
  const more = lines.length > 3 ? `; and ${lines.length - 3} more` : ''
  return code === 'unknown-distribution'
    ? { code: 'unknown-distribution', detail: `${shown}${more}` }
    : { code: 'problem', detail: `${code}: ${shown}${more}` }
}

function distributionReasons({ findings }: Subject): IncompleteReason[] {
  const ended = findings.filter(finding => finding.kind === 'end-of-life' && finding.support === 'ended')
  return ended.map(finding => ({
    code: 'ended-distribution',
    detail:
      finding.kind === 'end-of-life'
        ? `${finding.subject} has had no security fixes since ${finding.lastUntil}, so its advisories tell nothing any more`
        : '',
  }))
}

function missingReasons({ advisories }: Subject): IncompleteReason[] {
  if (advisories.missing.length === 0) return []
  const names = [...advisories.missing].sort(compareText).join(', ')
  return [{ code: 'missing-advisories', detail: `no advisories are held for ${names}` }]
}

function ageReasons(
  { advisories, packages }: Subject,
  policy: Policy,
  now: number,
  notes: string[],
): IncompleteReason[] {
  if (packages.length === 0 && advisories.consulted.length === 0) return []
  const asOf = parseTime(advisories.asOf)
  if (asOf === undefined) return [{ code: 'stale-advisories', detail: 'it is not known how old the advisories are' }]
  if (asOf - now > maxAhead) {
    const detail = `the advisories are dated ${advisories.asOf}, which is still to come: it is not known how old they are`
    return [{ code: 'stale-advisories', detail }]
  }
  if (asOf > now) {
    notes.push(`the advisories are dated ${advisories.asOf}, which is still to come: taken as current`)
    return []
  }
  const limit = policy.data.maxAdvisoryAge
  if (now - asOf <= limit) return []
  const detail = `the advisories are of ${advisories.asOf}, older than the ${formatDuration(limit)} that the policy allows`
  return [{ code: 'stale-advisories', detail }]
}

function factsReasons({ factsAt }: Subject, policy: Policy, now: number): IncompleteReason[] {
  const limit = policy.data.maxFactsAge
  if (limit === undefined || factsAt === undefined) return []
  const read = parseTime(factsAt)
  if (read !== undefined && now - read <= limit) return []
  const detail = `the target was read ${factsAt}, longer ago than the ${formatDuration(limit)} that the policy allows`
  return [{ code: 'stale-facts', detail }]
}

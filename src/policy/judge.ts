import { compareText } from '#lib/text.ts'
import type { Finding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import type { IncompleteReason, Verdict, VerdictStatus, Violation } from '#model/verdict.ts'
import { evaluateOnce } from './condition-memo.ts'
import { formatTime, parseTime } from './duration.ts'
import { graceUntil } from './grace.ts'
import { findGaps } from './incomplete.ts'
import { coversTarget } from './scope.ts'
import type { Clock, Policy, Rule, StageAction, Subject } from './types.ts'
import { findingVariable, imageVariable } from './variables.ts'
import { applyWaivers } from './waivers.ts'

/**
 * Judges a target: the one evaluator of command line, server and gates. A pure function: the same subject, policy and
 * clock always give the same verdict, in the same order. Throws `Error` where the clock is no time.
 */
export function judge(subject: Subject, policy: Policy, clock: Clock): Verdict {
  const now = parseTime(clock.at)
  if (now === undefined) throw new Error(`not an RFC 3339 time: ${clock.at}`)
  const packagesOf = packageIndex(subject.packages)
  const own = subject.findings.filter(finding => !isJudgedThroughOwner(finding, packagesOf))
  const waivers = applyWaivers(own, policy.waivers, { target: subject.target, packagesOf, now })
  const gaps = findGaps(subject, policy, now)
  const broken = applyRules(waivers.findings, policy, { subject, packagesOf, now, stage: clock.stage })
  const incomplete = [...gaps.reasons, ...broken.errors]
  const status = statusOf(broken.violations, incomplete)
  const { name, version } = policy.metadata
  return {
    status,
    blocks: status === 'fail' || (status === 'incomplete' && policy.onIncomplete[clock.stage] === 'fail'),
    stage: clock.stage,
    violations: broken.violations,
    waived: waivers.waived,
    incomplete,
    notes: [
      ...scopeNotes(subject, policy),
      ...gaps.notes,
      ...waivers.notes,
      ...graceNotes(broken.violations),
      ...unratedNotes(waivers.findings, policy, clock.stage),
      ...ownerNotes(subject.findings.length - own.length),
      ...(subject.packages.length === 0 ? ['no packages were found in this target'] : []),
    ],
    inputs: {
      facts: subject.digests.facts,
      advisories: subject.digests.advisories,
      policy: { name, version, digest: subject.digests.policy },
      engine: subject.engine,
      at: formatTime(now),
    },
  }
}

type PackageIndex = (purl: string) => readonly Package[]

function packageIndex(packages: readonly Package[]): PackageIndex {
  const index = Map.groupBy(packages, item => item.purl)
  return purl => index.get(purl) ?? []
}

/** Every carrier of the package was installed by an operating-system package that is itself in the list. */
function isJudgedThroughOwner(finding: Finding, packagesOf: PackageIndex): boolean {
  if (finding.kind !== 'vulnerability') return false
  const carriers = packagesOf(finding.package)
  return carriers.length > 0 && carriers.every(({ owner }) => owner !== undefined && packagesOf(owner).length > 0)
}

interface RuleContext {
  readonly subject: Subject
  readonly packagesOf: PackageIndex
  readonly now: number
  readonly stage: Clock['stage']
}

/** Every rule on every finding, in the order of the rules and then of the findings. */
function applyRules(
  findings: readonly Finding[],
  policy: Policy,
  context: RuleContext,
): { readonly violations: readonly Violation[]; readonly errors: readonly IncompleteReason[] } {
  const image = imageVariable(context.subject.target)
  const now = new Date(context.now)
  const seen = findings.map(finding => {
    const packages = finding.kind === 'vulnerability' ? context.packagesOf(finding.package) : []
    return {
      finding,
      variables: { finding: findingVariable(finding, packages, context.now), image, stage: context.stage, now },
    }
  })
  const violations: Violation[] = []
  const errors: IncompleteReason[] = []
  for (const rule of policy.rules) {
    const action = rule.stages.get(context.stage)
    if (action === undefined) continue
    const failures = new Map<string, string[]>()
    const evaluate = evaluateOnce(rule.when)
    for (const { finding, variables } of seen) {
      const outcome = evaluate(variables)
      if (outcome === true) violations.push(violation(rule, action, finding, graceUntil(rule, finding, variables)))
      else if (outcome !== false)
        failures.set(outcome.error, [...(failures.get(outcome.error) ?? []).slice(0, 2), nameOf(finding)])
    }
    for (const [error, names] of failures)
      errors.push({ code: 'rule-error', detail: `rule ${rule.id} could not judge ${names.join(', ')}: ${error}` })
  }
  return { violations: violations.sort(bySeverityOfAction), errors }
}

function violation(rule: Rule, action: StageAction, finding: Finding, until: string | undefined): Violation {
  const inGrace = action.action === 'fail' && until !== undefined
  return {
    rule: rule.id,
    title: rule.title,
    action: action.action === 'fail' && !inGrace ? 'fail' : 'warn',
    finding: finding.fingerprint,
    ...(inGrace && { graceUntil: until }),
    ...(rule.help !== undefined && { help: rule.help }),
  }
}

/** What fails comes first; otherwise the order of rules and findings stays. */
function bySeverityOfAction(a: Violation, b: Violation): number {
  return compareText(a.action, b.action)
}

function statusOf(violations: readonly Violation[], incomplete: readonly IncompleteReason[]): VerdictStatus {
  if (violations.some(item => item.action === 'fail')) return 'fail'
  if (incomplete.length > 0) return 'incomplete'
  return violations.length > 0 ? 'warn' : 'pass'
}

function scopeNotes(subject: Subject, policy: Policy): string[] {
  if (coversTarget(policy, subject.target)) return []
  return [`the scope of policy ${policy.metadata.name} does not cover this target; it was judged by it all the same`]
}

function graceNotes(violations: readonly Violation[]): string[] {
  const rules = Map.groupBy(
    violations.filter(item => item.graceUntil !== undefined),
    item => item.rule,
  )
  return [...rules].map(([rule, items]) => {
    const first = items.map(item => item.graceUntil ?? '').sort(compareText)[0] ?? ''
    const what = items.length === 1 ? '1 finding is' : `${items.length} findings are`
    return `rule ${rule}: ${what} in the grace period, which first ends ${first}`
  })
}

/** Many distributions publish no severity: whoever judges by it has to know how much that leaves out. */
function unratedNotes(findings: readonly Finding[], policy: Policy, stage: Clock['stage']): string[] {
  const count = findings.filter(finding => finding.severity === 'UNKNOWN').length
  const asks = policy.rules.some(rule => rule.stages.has(stage) && /\bfinding\.severity\b/.test(rule.when.source))
  if (count === 0 || !asks) return []
  const what = count === 1 ? '1 finding has' : `${count} findings have`
  return [`${what} no severity that anybody published, so rules on severity do not catch them`]
}

function ownerNotes(count: number): string[] {
  if (count === 0) return []
  const what = count === 1 ? '1 finding is' : `${count} findings are`
  return [`${what} in files of operating-system packages and judged through those`]
}

function nameOf(finding: Finding): string {
  return finding.kind === 'vulnerability' ? finding.vulnerability.id : finding.subject
}

import type { ScanResult } from '#model/report.ts'
import type { Verdict } from '#model/verdict.ts'
import { judge } from './judge.ts'
import type { Policy, PolicyTest, Subject } from './types.ts'

/** What became of one test of a policy. */
export interface PolicyTestResult {
  readonly test: PolicyTest
  readonly passed: boolean
  /** What the verdict was not, one sentence each; empty where the test passed. */
  readonly reasons: readonly string[]
  readonly verdict?: Verdict
}

/**
 * Runs the tests of a policy over saved reports. `loadFacts` gets each path as the document writes it; what it throws
 * fails that test and no other.
 */
export function runPolicyTests(policy: Policy, loadFacts: (path: string) => ScanResult): readonly PolicyTestResult[] {
  return policy.tests.map(test => {
    try {
      const result = loadFacts(test.facts)
      const verdict = judge(subjectOf(result), policy, { stage: test.stage, at: test.at ?? result.createdAt })
      const reasons = compare(test, verdict, result)
      return { test, passed: reasons.length === 0, reasons, verdict }
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause)
      return { test, passed: false, reasons: [`${test.facts} cannot be judged: ${text}`] }
    }
  })
}

/** What a finished scan gives to the judge, so that its verdict can be made again under another policy or clock. */
export function subjectOf(result: ScanResult): Subject {
  const inputs = result.verdict?.inputs
  return {
    target: result.target,
    ...(result.distro !== undefined && { distro: result.distro }),
    packages: result.packages,
    findings: result.findings,
    problems: result.problems,
    advisories: result.advisories ?? { consulted: [], missing: [] },
    digests: { facts: inputs?.facts ?? '', advisories: inputs?.advisories ?? '', policy: inputs?.policy.digest ?? '' },
    engine: inputs?.engine ?? result.tool.version,
    factsAt: result.createdAt,
  }
}

function compare(test: PolicyTest, verdict: Verdict, result: ScanResult): string[] {
  const reasons: string[] = []
  if (verdict.status !== test.expect) reasons.push(`expected ${test.expect}, but the verdict is ${verdict.status}`)
  const named = namesIn(verdict, result, test.expect === 'fail' ? 'fail' : undefined)
  for (const name of test.because)
    if (!named.has(name.toUpperCase())) reasons.push(`expected because of ${name}, which the verdict does not name`)
  return reasons
}

/** Everything that `because` may name. A test that expects a failure has to name something that fails. */
function namesIn(verdict: Verdict, result: ScanResult, action: 'fail' | undefined): ReadonlySet<string> {
  const findings = new Map(result.findings.map(finding => [finding.fingerprint, finding]))
  const names = new Set<string>(verdict.incomplete.map(reason => reason.code.toUpperCase()))
  for (const violation of verdict.violations) {
    if (action !== undefined && violation.action !== action) continue
    names.add(violation.rule.toUpperCase())
    const finding = findings.get(violation.finding)
    const ids =
      finding?.kind === 'vulnerability'
        ? [finding.vulnerability.id, ...finding.vulnerability.aliases]
        : [finding?.subject]
    for (const id of ids) if (id !== undefined) names.add(id.toUpperCase())
  }
  return names
}

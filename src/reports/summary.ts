import { compareText } from '#lib/text.ts'
import type { Finding, VulnerabilityFinding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import type { FixAction, ScanResult } from '#model/report.ts'
import { type Severity, severities } from '#model/severity.ts'
import type { Verdict, Violation, WaivedFinding } from '#model/verdict.ts'

/** Counts of one severity, for lines such as `2 critical · 3 high`. */
export interface SeverityCount {
  readonly severity: Severity
  readonly count: number
}

/** How many findings of each severity there are, the worst first, without the severities that nothing has. */
export function countSeverities(findings: readonly Finding[]): readonly SeverityCount[] {
  const counts = Map.groupBy(findings, finding => finding.severity)
  return severities
    .toReversed()
    .flatMap(severity => (counts.has(severity) ? [{ severity, count: counts.get(severity)?.length ?? 0 }] : []))
}

/** A severity as people read it: nobody having rated a flaw does not make it unknown. */
export function severityLabel(severity: Severity): string {
  return severity === 'UNKNOWN' ? 'unrated' : severity.toLowerCase()
}

/** `2 critical, 3 high`; only the worst `most` severities where that is given. */
export function severityText(findings: readonly Finding[], most?: number): string {
  const counts = countSeverities(findings).map(({ severity, count }) => `${count} ${severityLabel(severity)}`)
  return counts.slice(0, most).join(', ')
}

/** One cause of a verdict: a rule and the flaw that breaks it, in all packages that carry it. */
export interface Cause {
  readonly violation: Violation
  /** Every rule that the flaw breaks with the same action, the first is the violation's. */
  readonly rules: readonly string[]
  readonly name: string
  readonly finding: Finding
  readonly packages: readonly Package[]
}

/** The causes of one action, each flaw once however many rules and packages it breaks them in, the worst first. */
export function causesOf(result: ScanResult, action: Violation['action']): readonly Cause[] {
  const index = Map.groupBy(result.findings, finding => finding.fingerprint)
  const packages = Map.groupBy(result.packages, item => item.purl)
  const groups = new Map<string, Cause>()
  for (const violation of result.verdict?.violations ?? []) {
    // Several versions of one package have one fingerprint.
    const findings = index.get(violation.finding) ?? []
    const finding = findings[0]
    if (violation.action !== action || finding === undefined) continue
    const name = findingName(finding)
    const group = groups.get(name)
    groups.set(name, {
      violation: group?.violation ?? violation,
      rules: [...new Set([...(group?.rules ?? []), violation.rule])],
      name,
      finding: group?.finding ?? finding,
      packages: [...new Set([...(group?.packages ?? []), ...findings.flatMap(item => carriersOf(item, packages))])],
    })
  }
  const order = new Map(result.findings.map((finding, position) => [finding.fingerprint, position]))
  return [...groups.values()].sort(
    (a, b) => (order.get(a.finding.fingerprint) ?? 0) - (order.get(b.finding.fingerprint) ?? 0),
  )
}

/** The packages that a finding is in; none for what is no flaw of a package. */
export function carriersOf(finding: Finding, packages: ReadonlyMap<string, readonly Package[]>): readonly Package[] {
  return finding.kind === 'vulnerability' ? (packages.get(finding.package) ?? []) : []
}

/**
 * The findings that are waived, by fingerprint. Several versions of one package have one fingerprint: it only counts as
 * waived where all of them are, so that no report hides a finding that the verdict still counts.
 */
export function waiversOf(result: ScanResult): ReadonlyMap<string, WaivedFinding> {
  const { violations = [], waived = [] } = result.verdict ?? {}
  const open = new Set(violations.map(item => item.finding))
  const findings = Map.groupBy(result.findings, finding => finding.fingerprint)
  const entries = Map.groupBy(waived, item => item.finding)
  const all = [...entries].filter(
    ([fingerprint, items]) => !open.has(fingerprint) && items.length >= (findings.get(fingerprint)?.length ?? 0),
  )
  return new Map(all.map(([fingerprint, items]) => [fingerprint, items[0]!]))
}

/** The name that people know a finding by. */
export function findingName(finding: Finding): string {
  return finding.kind === 'vulnerability' ? finding.vulnerability.id : finding.subject
}

/** `openssl 3.0.14 (libssl3, openssl)`: the source package with its binaries, or the package itself with its versions. */
export function packageNames(packages: readonly Package[]): string {
  const first = packages[0]
  if (first === undefined) return ''
  const names = [...new Set(packages.map(item => item.name))].sort(compareText)
  const source = first.source?.name
  const common = source !== undefined && packages.every(item => item.source?.name === source)
  const isAlone = names.length === 1 && (!common || source === names[0])
  const versions = shortList(packages.map(item => (isAlone ? item.version : (item.source?.version ?? item.version))))
  if (isAlone) return `${names[0]} ${versions}`
  return common ? `${source} ${versions} (${shortList(names)})` : `${shortList(names)} ${versions}`
}

/** The distinct texts in their order, at most four of them. */
function shortList(texts: readonly string[]): string {
  const distinct = [...new Set(texts)]
  return distinct.length > 4 ? `${distinct.slice(0, 4).join(', ')}, …` : distinct.join(', ')
}

/** Facts of a finding that make it urgent, in a few words: `critical`, `exploited since 2021-12-10`, `EPSS 94 %`. */
export function urgency(finding: Finding): readonly string[] {
  if (finding.kind !== 'vulnerability') {
    const ended =
      finding.support === 'ended'
        ? `no support since ${finding.lastUntil}`
        : `regular support ended ${finding.regularUntil}`
    return [ended]
  }
  const { kev } = finding.vulnerability
  const epss = epssText(finding)
  return [
    severityLabel(finding.severity),
    ...(kev === undefined ? [] : [`exploited since ${kev.added}`]),
    ...(epss === undefined ? [] : [`EPSS ${epss}`]),
  ]
}

/** EPSS as a percentage; absent below one percent, where it says little. */
export function epssText(finding: VulnerabilityFinding): string | undefined {
  const score = finding.vulnerability.epss?.score
  return score === undefined || score < 0.01 ? undefined : `${Math.round(score * 100)} %`
}

/** The verdict in one sentence. */
export function verdictSentence(verdict: Verdict): string {
  const { name, version } = verdict.inputs.policy
  const by = `at stage ${verdict.stage}, by policy ${name} v${version}`
  if (verdict.status === 'pass') return `Nothing breaks the policy ${by}.`
  if (verdict.status === 'warn') {
    const count = new Set(verdict.violations.map(item => item.finding)).size
    return `Nothing fails, ${plural(count, 'finding')} to know of ${by}.`
  }
  if (verdict.status === 'fail') return `The policy says no ${by}.`
  const answer = verdict.blocks ? 'which the policy does not accept' : 'which the policy accepts'
  return `Something could not be seen, ${answer} ${by}.`
}

/** Upgrades that together take away all that fails, and the flaws that no upgrade takes away. */
export function wayOut(result: ScanResult): {
  readonly actions: readonly FixAction[]
  readonly left: readonly Finding[]
} {
  const failing = new Set(
    (result.verdict?.violations ?? []).filter(item => item.action === 'fail').map(item => item.finding),
  )
  const upgrades = result.actions.filter(action => action.kind === 'upgrade')
  const actions = upgrades.filter(action => action.removes.some(fingerprint => failing.has(fingerprint)))
  const removed = new Set(actions.flatMap(action => action.removes))
  const left = result.findings.filter(({ fingerprint }) => failing.has(fingerprint) && !removed.has(fingerprint))
  return { actions, left }
}

/** The name of the target that people use: the image's first name, else what was given. */
export function targetName(result: ScanResult): string {
  const { image, name, scheme } = result.target
  // An archive is better known by the name of the image in it; an image that was asked for by name keeps that name.
  const isFile = scheme.endsWith('archive') || scheme === 'oci' || scheme === 'stdin'
  return (isFile ? image?.tags[0] : undefined) ?? name
}

/** `linux/arm64/v8` of an image. */
export function platformText(result: ScanResult): string | undefined {
  const platform = result.target.image?.platform
  if (platform === undefined) return undefined
  return [platform.os, platform.architecture, platform.variant].filter(part => part !== undefined).join('/')
}

/** `1 finding`, `2 findings`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`
}

/** How many packages there are, or of which types where they are of several: `9 packages: 4 deb, 3 npm`. */
export function packageCounts(result: ScanResult): string {
  const types = Map.groupBy(result.packages, item => item.type)
  const counts = [...types]
    .sort(([a, first], [b, second]) => second.length - first.length || compareText(a, b))
    .map(([type, items]) => `${items.length} ${type}`)
  const total = plural(result.packages.length, 'package')
  return counts.length < 2 ? total : `${total}: ${counts.join(', ')}`
}

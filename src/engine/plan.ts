import type { AdvisoryReader } from '#advisories/types.ts'
import type { Matching } from '#ecosystems/types.ts'
import { compareText } from '#lib/text.ts'
import type { Distro } from '#model/distro.ts'
import type { VulnerabilityFinding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import type { FixAction } from '#model/report.ts'
import { severityRank } from '#model/severity.ts'
import { highest } from './highest.ts'
import { flawsLeft } from './match.ts'

export interface PlanRequest {
  readonly packages: readonly Package[]
  readonly findings: readonly VulnerabilityFinding[]
  readonly distro: Distro | undefined
  readonly matchings: ReadonlyMap<string, Matching>
  readonly advisories: AdvisoryReader
}

/** One thing that can be upgraded by itself, with its installed packages and their findings. */
interface Upgradable {
  readonly type: string
  readonly name: string
  readonly packages: Package[]
  readonly findings: VulnerabilityFinding[]
}

/**
 * What to do, most effective first: one upgrade for each source package (operating system) or package (languages), to
 * the highest version that any of its findings names as fixed. What the upgrade removes is found by matching that version
 * again: a finding it would still have is not counted, and one whose record names no fix but does not reach it is.
 */
export function planFixes(request: PlanRequest): readonly FixAction[] {
  const worst = new Map(request.findings.map(finding => [finding.fingerprint, weight(finding)]))
  return upgradables(request)
    .flatMap(unit => actionsFor(unit, request))
    .toSorted(
      (a, b) =>
        Number(a.kind === 'none') - Number(b.kind === 'none') ||
        top(b, worst) - top(a, worst) ||
        b.removes.length - a.removes.length ||
        compareText(a.type, b.type) ||
        compareText(a.name, b.name),
    )
}

/** Actions that were planned for the same packages in another image, of which other layers may be the base. */
export function actionsIn(packages: readonly Package[], actions: readonly FixAction[]): readonly FixAction[] {
  const isOfBase = new Map<string, boolean>()
  for (const { purl, owner, introduced } of packages)
    if (owner === undefined && !isOfBase.has(purl)) isOfBase.set(purl, introduced?.base === true)
  // An upgrade, and what has to wait in the same packages.
  const key = ({ type, name }: FixAction) => `${type}\0${name}`
  const others = new Set(actions.filter(action => !action.packages.every(purl => isOfBase.get(purl))).map(key))
  return actions.map(action => ({ ...action, base: !others.has(key(action)) }))
}

/** Known exploited outweighs every severity. */
function weight(finding: VulnerabilityFinding): number {
  return severityRank(finding.severity) + (finding.vulnerability.kev === undefined ? 0 : 10)
}

function top(action: FixAction, worst: ReadonlyMap<string, number>): number {
  return Math.max(0, ...action.removes.map(fingerprint => worst.get(fingerprint) ?? 0))
}

function upgradables(request: PlanRequest): readonly Upgradable[] {
  const byPurl = new Map<string, VulnerabilityFinding[]>()
  for (const finding of request.findings) {
    const list = byPurl.get(finding.package)
    if (list === undefined) byPurl.set(finding.package, [finding])
    else list.push(finding)
  }
  const units = new Map<string, Upgradable>()
  for (const found of request.packages) {
    const findings = byPurl.get(found.purl)
    if (findings === undefined || found.owner !== undefined) continue
    const name = found.source?.name ?? found.name
    const key = `${found.type}\0${name}`
    const unit = units.get(key) ?? { type: found.type, name, packages: [], findings: [] }
    units.set(key, unit)
    if (unit.packages.some(({ purl }) => purl === found.purl)) continue
    unit.packages.push(found)
    unit.findings.push(...findings)
  }
  return [...units.values()]
}

function actionsFor(unit: Upgradable, request: PlanRequest): readonly FixAction[] {
  const matching = request.matchings.get(unit.type)
  if (matching === undefined) return []
  const to = highest(
    unit.findings.map(({ fix }) => fix.version),
    matching.compare,
  )
  const remaining = to === undefined ? new Set<string>() : remainingFlaws(unit, to, { request, matching })
  const removed = to === undefined ? [] : unit.findings.filter(finding => !remaining.has(finding.vulnerability.id))
  const isRemoved = new Set(removed)
  const waiting = unit.findings.filter(finding => !isRemoved.has(finding))
  const common = {
    type: unit.type,
    name: unit.name,
    from: [...new Set(unit.packages.map(({ source, version }) => source?.version ?? version))].sort(matching.compare),
    base: unit.packages.every(({ introduced }) => introduced?.base === true),
  }
  const action = (kind: FixAction['kind'], findings: readonly VulnerabilityFinding[]): FixAction => ({
    kind,
    ...common,
    ...(kind === 'upgrade' && { to }),
    packages: [...new Set(findings.map(finding => finding.package))].sort(compareText),
    removes: [...new Set(findings.map(({ fingerprint }) => fingerprint))],
  })
  return [
    ...(removed.length > 0 ? [action('upgrade', removed)] : []),
    ...(waiting.length > 0 ? [action('none', waiting)] : []),
  ]
}

/** Ids of the flaws found in a unit that its packages would still have at a version. */
function remainingFlaws(
  unit: Upgradable,
  version: string,
  context: { readonly request: PlanRequest; readonly matching: Matching },
): ReadonlySet<string> {
  const upgraded = unit.packages.map(found => ({
    ...found,
    version,
    ...(found.source !== undefined && { source: { name: found.source.name, version } }),
  }))
  const flaws = new Set(unit.findings.map(({ vulnerability }) => vulnerability.id))
  return flawsLeft(context.request, upgraded, { matching: context.matching, flaws })
}

import { databaseOf, isDistribution } from '#advisories/names.ts'
import type { OsvRecord } from '#advisories/osv/normalize.ts'
import { affects } from '#advisories/ranges.ts'
import type { Advisory, Affected, AffectedRange, PublishedSeverity } from '#model/advisory.ts'
import { debianReleases } from '#model/distro-table.ts'

/** What Grype makes of one OSV record. */
export interface GrypeRecord {
  /** Whose word it is; Grype's own names where it has them. */
  readonly provider: string
  /** The names under which it reports: of a distribution's record the flaws it passes on, else the record's own id. */
  readonly names: readonly string[]
  /** RFC 3339 times. */
  readonly published?: string
  readonly modified: string
  readonly vulnerability: GrypeVulnerability
  readonly packages: readonly GrypePackage[]
}

/** The blob of a row in `vulnerability_handles`, without the name as `id`. */
interface GrypeVulnerability {
  readonly description?: string
  readonly refs: readonly { readonly url: string }[]
  readonly aliases: readonly string[]
  /** Grype shows the first. */
  readonly severities: readonly GrypeSeverity[]
}

interface GrypeSeverity {
  readonly scheme: 'CVSS' | 'CHML'
  readonly value: string | { readonly vector: string; readonly version: string }
  readonly rank: number
}

/** A row in `affected_package_handles` with what it refers to. */
export interface GrypePackage {
  /** Package type, in Syft's words. */
  readonly ecosystem: string
  readonly name: string
  /** The distribution release that it is a package of. */
  readonly system?: GrypeSystem
  readonly blob: { readonly cves: readonly string[]; readonly ranges: readonly GrypeRange[] }
}

/** A row in `operating_systems`; absent parts are empty there. */
export interface GrypeSystem {
  readonly name: string
  readonly major: string
  readonly minor: string
  readonly codename: string
}

interface GrypeRange {
  /** An empty constraint holds every version. */
  readonly version: { readonly type: string; readonly constraint: string }
  readonly fix?: { readonly version?: string; readonly state: 'fixed' | 'not-fixed' }
}

type Order = (a: string, b: string) => number

/** How Grype knows the packages of an OSV ecosystem. */
interface Kind {
  readonly ecosystem: string
  readonly format: string
  /** Our folder for it, which knows its order of versions; none where we do not read it. */
  readonly ours?: string
}

/**
 * OSV ecosystems that Grype can match. AlmaLinux is not among them: Grype asks Red Hat's records what affects its packages
 * and takes AlmaLinux's own only to strike fixed ones out, so that without the former it has nothing to say.
 */
export const grypeKinds: Readonly<Record<string, Kind>> = {
  Alpine: { ecosystem: 'apk', format: 'apk', ours: 'apk' },
  Bitnami: { ecosystem: 'bitnami', format: 'bitnami' },
  ConanCenter: { ecosystem: 'conan', format: 'semver' },
  Debian: { ecosystem: 'deb', format: 'deb', ours: 'deb' },
  Go: { ecosystem: 'go-module', format: 'go', ours: 'golang' },
  Maven: { ecosystem: 'java-archive', format: 'maven', ours: 'maven' },
  NuGet: { ecosystem: 'dotnet', format: 'semver' },
  Packagist: { ecosystem: 'php-composer', format: 'semver' },
  Pub: { ecosystem: 'dart-pub', format: 'semver' },
  PyPI: { ecosystem: 'python', format: 'python', ours: 'pypi' },
  RubyGems: { ecosystem: 'gem', format: 'gem' },
  SwiftURL: { ecosystem: 'swift', format: 'semver' },
  Wolfi: { ecosystem: 'apk', format: 'apk', ours: 'apk' },
  'crates.io': { ecosystem: 'rust-crate', format: 'semver' },
  npm: { ecosystem: 'npm', format: 'semver', ours: 'npm' },
}

/** Grype's view of a record of `bucket`. `compare` is the order of its versions, where we have one. */
export function toGrype({ advisory, refs }: OsvRecord, bucket: string, compare: Order | undefined): GrypeRecord {
  const kind = grypeKinds[bucket]!
  const names = isDistribution(bucket) ? refs : [advisory.id]
  const cves = advisory.aliases.filter(alias => alias.startsWith('CVE-'))
  const packages = advisory.affected.flatMap(affected => {
    const ranges = rangesOf(affected, kind.format, compare)
    const system = systemOf(affected.ecosystem)
    return ranges.length === 0
      ? []
      : [{ ecosystem: kind.ecosystem, name: affected.name, system, blob: { cves, ranges } }]
  })
  const { id, published, modified } = advisory
  return { provider: providerOf(id), names, published, modified, vulnerability: vulnerabilityOf(advisory), packages }
}

function providerOf(id: string): string {
  return id.startsWith('GHSA-') ? 'github' : databaseOf(id).toLowerCase()
}

function vulnerabilityOf({ summary, aliases, references, severities }: Advisory): GrypeVulnerability {
  return {
    description: summary,
    refs: references.map(url => ({ url })),
    aliases,
    severities: severities
      .flatMap(severityOf)
      .sort((a, b) => a.rank - b.rank)
      .map((severity, index) => ({ ...severity, rank: index + 1 })),
  }
}

const words: Readonly<Record<string, string>> = {
  critical: 'critical',
  high: 'high',
  important: 'high',
  medium: 'medium',
  moderate: 'medium',
  low: 'low',
}

/** Words before vectors, as in Grype's own database, and the oldest vectors last. */
function severityOf({ type, score }: PublishedSeverity): readonly GrypeSeverity[] {
  const word = words[score.toLowerCase()]
  if (type === 'label') return word === undefined ? [] : [{ scheme: 'CHML', value: word, rank: 1 }]
  const version = type === 'CVSS_V2' ? '2.0' : (/^CVSS:(\d\.\d)\//.exec(score)?.[1] ?? '')
  return [{ scheme: 'CVSS', value: { vector: score, version }, rank: type === 'CVSS_V2' ? 3 : 2 }]
}

const codenames = new Map(Object.entries(debianReleases).map(([codename, release]) => [release, codename]))

/** The release in an OSV ecosystem's name: `Debian:12`, `Alpine:v3.11`. Wolfi has none. */
function systemOf(ecosystem: string): GrypeSystem | undefined {
  const [name = '', release = ''] = ecosystem.split(':')
  if (!isDistribution(name)) return undefined
  const [major = '', minor = ''] = release.replace(/^v/, '').split('.')
  return { name: name.toLowerCase(), major, minor, codename: name === 'Debian' ? (codenames.get(major) ?? '') : '' }
}

/**
 * What a statement affects, in Grype's words; empty where that is nothing (`introduced: 0` with `fixed: 0` and no listed
 * version). Listed versions that lie in a range are left out: a constraint of hundreds of versions says no more than it.
 */
function rangesOf(affected: Affected, type: string, compare: Order | undefined): readonly GrypeRange[] {
  const ranges = affected.ranges.flatMap(range => windowsOf(range, type))
  const all = ranges.find(({ version }) => version.constraint === '')
  // Grype drops an empty constraint where it joins it with others.
  if (all !== undefined) return [all]
  const spans = { ...affected, versions: [] }
  const isNew = (version: string) => compare === undefined || !affects(spans, version, compare).affected
  const listed = affected.versions.filter(version => !/[<>=,|()'"\s]/.test(version) && isNew(version))
  const constraint = listed.map(version => `= ${version}`).join(' || ')
  return listed.length === 0 ? ranges : [...ranges, { version: { type, constraint } }]
}

/** One range for each span between two events, in the order published. */
function windowsOf({ events }: AffectedRange, type: string): readonly GrypeRange[] {
  const windows: GrypeRange[] = []
  let from: string | undefined
  const close = (end: string, fix: GrypeRange['fix']) => {
    const start = from === undefined || from === '0' ? '' : `>= ${from}`
    const constraint = [start, end].filter(part => part !== '').join(', ')
    if (from !== undefined && constraint !== '< 0') windows.push({ version: { type, constraint }, fix })
    from = undefined
  }
  for (const { introduced, fixed, lastAffected } of events) {
    if (introduced !== undefined) from ??= introduced
    else if (fixed !== undefined) close(`< ${fixed}`, { version: fixed, state: 'fixed' })
    else if (lastAffected !== undefined) close(`<= ${lastAffected}`, undefined)
  }
  if (from !== undefined) close('', { state: 'not-fixed' })
  return windows
}

import { matchesGlob } from '#lib/glob.ts'
import type { Finding, VulnerabilityFinding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import { type PurlParts, parsePurl } from '#model/purl.ts'
import type { Target } from '#model/target.ts'
import type { WaivedFinding } from '#model/verdict.ts'
import { day } from './duration.ts'
import { repositoriesOf } from './scope.ts'
import type { Waiver } from './types.ts'

/** What the waivers leave to be judged, what they took out, and which of them no longer count. */
export interface WaiverResult {
  readonly findings: readonly Finding[]
  readonly waived: readonly WaivedFinding[]
  readonly notes: readonly string[]
}

/** What waivers are applied to. `packagesOf` gives the packages of one purl; `now` is in milliseconds. */
export interface WaiverContext {
  readonly target: Target
  readonly packagesOf: (purl: string) => readonly Package[]
  readonly now: number
}

/** Takes out of the findings what a living waiver covers. The first waiver in the document that covers a finding counts. */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
  context: WaiverContext,
): WaiverResult {
  const left: Finding[] = []
  const waived: WaivedFinding[] = []
  const notes = new Set<string>()
  const repositories = repositoriesOf(context.target)
  const here = waivers.filter(({ image }) => image === undefined || repositories.some(name => matchesGlob(image, name)))
  if (here.length === 0) return { findings, waived, notes: [] }
  for (const finding of findings) {
    const covering = here.filter(waiver => covers(waiver, finding, context))
    const living = covering.find(waiver => endOf(waiver, finding, context.now) === undefined)
    if (living !== undefined) waived.push(record(living, finding))
    else {
      left.push(finding)
      for (const waiver of covering) notes.add(endOf(waiver, finding, context.now) ?? '')
    }
  }
  return { findings: left, waived, notes: [...notes] }
}

function record(waiver: Waiver, finding: Finding): WaivedFinding {
  return {
    waiver: waiver.id,
    finding: finding.fingerprint,
    reason: waiver.reason,
    expires: waiver.expires,
    ...(waiver.justification !== undefined && { justification: waiver.justification }),
  }
}

/** Why the waiver does not count any more, in words for people; undefined while it does. */
function endOf(waiver: Waiver, finding: Finding, now: number): string | undefined {
  if (now >= Date.parse(waiver.expires) + day) return `waiver ${waiver.id} expired on ${waiver.expires}`
  if (finding.kind !== 'vulnerability') return undefined
  const { vulnerability, fix } = finding
  if (waiver.endsWhen.includes('kev') && vulnerability.kev !== undefined)
    return `waiver ${waiver.id} ended: ${vulnerability.id} is known to be exploited`
  if (waiver.endsWhen.includes('fixAvailable') && fix.available)
    return `waiver ${waiver.id} ended: ${vulnerability.id} has a fix`
  return undefined
}

function covers(waiver: Waiver, finding: Finding, context: WaiverContext): boolean {
  if (finding.kind !== 'vulnerability' || !namesFlaw(waiver.vulnerability, finding)) return false
  const packages = context.packagesOf(finding.package)
  if (waiver.package !== undefined && !coversPackage(waiver.package, finding.package, packages)) return false
  if (waiver.path === undefined) return true
  const glob = waiver.path
  const paths = packages.flatMap(item => item.locations.map(location => location.path))
  // A copy of the package elsewhere is not what was waived.
  return paths.length > 0 && paths.every(path => matchesGlob(glob, path))
}

function namesFlaw(id: string, { vulnerability, advisories }: VulnerabilityFinding): boolean {
  const wanted = id.toUpperCase()
  const ids = [vulnerability.id, ...vulnerability.aliases, ...advisories.map(advisory => advisory.id)]
  return ids.some(known => known.toUpperCase() === wanted)
}

/** The package itself, or the source package of all its carriers, is the one that the waiver names. */
function coversPackage(waived: string, purl: string, packages: readonly Package[]): boolean {
  const wanted = parsePurl(waived)
  const found = parsePurl(purl)
  if (wanted === undefined || found === undefined) return false
  if (coversPurl(wanted, found)) return true
  return (
    packages.length > 0 &&
    packages.every(
      ({ source }) =>
        source !== undefined && coversPurl(wanted, { ...found, name: source.name, version: source.version }),
    )
  )
}

/** OpenVEX's matching: what the pattern leaves out matches anything, what it names has to be equal. */
function coversPurl(pattern: PurlParts, found: PurlParts): boolean {
  if (pattern.type !== found.type || pattern.name !== found.name) return false
  if ((pattern.namespace ?? '') !== (found.namespace ?? '')) return false
  if (pattern.version !== undefined && pattern.version !== found.version) return false
  if (pattern.subpath !== undefined && pattern.subpath !== found.subpath) return false
  const wanted = Object.entries(pattern.qualifiers ?? {})
  return wanted.every(([key, value]) => found.qualifiers?.[key] === value)
}

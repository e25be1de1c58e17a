import type { AdvisoryQuery, MatchCandidate, Matching } from '#ecosystems/types.ts'
import { type Distro, osvEcosystems, packageDistro } from '#model/distro.ts'
import type { MatchedPackage } from '#model/package.ts'
import { isModular, isSameBuildOrLater, matchesStream } from './modules.ts'
import { compareVersions } from './version.ts'

/**
 * Databases whose records name source packages (https://ossf.github.io/osv-schema/#defined-ecosystems); `epochs` tells
 * whether their versions state epochs. All others name binary packages: AlmaLinux (whatever its definition says, its
 * records list every binary package), Red Hat, Photon OS.
 */
const sourceNamed: ReadonlyMap<string, { readonly epochs: boolean }> = new Map([
  ['Azure Linux', { epochs: false }],
  ['Mageia', { epochs: false }],
  ['Rocky Linux', { epochs: true }],
  ['SUSE', { epochs: false }],
  ['openEuler', { epochs: false }],
  ['openSUSE', { epochs: false }],
])

/** How rpm packages meet the records of the distributions. */
export const matching: Matching = { compare: compareVersions, queries, applies }

function queries(pkg: MatchedPackage, distro: Distro | undefined): readonly AdvisoryQuery[] {
  const release = packageDistro(pkg.purl, distro)
  if (release === undefined) return []
  return osvEcosystems(release).map(ecosystem => {
    const colon = ecosystem.indexOf(':')
    const convention = sourceNamed.get(colon < 0 ? ecosystem : ecosystem.slice(0, colon))
    if (convention === undefined) return { ecosystem, name: pkg.name, version: pkg.version }
    const { name, version } = pkg.source ?? pkg
    // Where records leave epochs out, asking with one would put every package above every fix.
    return { ecosystem, name, version: convention.epochs ? version : version.replace(/^\d+:/, '') }
  })
}

/**
 * False where a matched range is for another build of the name: modular against not modular, another module stream, the
 * same sources under another module build number, or a fix below the package once its epoch counts.
 */
function applies(pkg: MatchedPackage, candidate: MatchCandidate): boolean {
  const fixes = candidate.range?.events.flatMap(event => event.fixed ?? []) ?? []
  const bounds = candidate.range?.events.flatMap(event => event.fixed ?? event.lastAffected ?? []) ?? []
  const bound = bounds.at(-1)
  if (bound === undefined) return true
  if (isModular(bound)) {
    if (pkg.modularity === undefined && !isModular(pkg.version)) return false
    if (!matchesStream(pkg, candidate.summary, bound)) return false
  } else if (isModular(pkg.version)) return false
  const fix = fixes.length === 1 ? fixes[0]! : undefined
  if (fix === undefined) return true
  // A package that is not below the fix was asked for by its source package, or without its epoch.
  const below = compareVersions(pkg.version, fix) < 0
  const version = below ? pkg.version : (pkg.source?.version ?? pkg.version)
  if (/^\d+:/.test(fix) && compareVersions(version, fix) >= 0) return false
  return !(isModular(fix) && isSameBuildOrLater(version, fix))
}

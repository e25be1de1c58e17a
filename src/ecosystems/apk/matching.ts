import type { AdvisoryQuery, Matching } from '#ecosystems/types.ts'
import { type Distro, osvEcosystems, packageDistro } from '#model/distro.ts'
import type { MatchedPackage } from '#model/package.ts'
import { compare } from './version.ts'

/**
 * Advisories of Alpine and its relatives speak of the origin (the aport that packages are built from), whose packages all
 * have one version (https://ossf.github.io/osv-schema/#affectedpackage-field). Alpine edge is no release: nothing is asked.
 */
export const matching: Matching = { compare, queries }

function queries(pkg: MatchedPackage, distro: Distro | undefined): readonly AdvisoryQuery[] {
  const release = packageDistro(pkg.purl, distro)
  const name = pkg.source?.name ?? pkg.name
  return release === undefined
    ? []
    : osvEcosystems(release).map(ecosystem => ({ ecosystem, name, version: pkg.version }))
}

import type { AdvisoryQuery, Matching } from '#ecosystems/types.ts'
import { type Distro, osvEcosystems, packageDistro } from '#model/distro.ts'
import type { MatchedPackage } from '#model/package.ts'
import { compare } from './version.ts'

/**
 * Debian and Ubuntu advisories speak of source packages and their versions, so a binary-only rebuild (`+b1`) is asked
 * for by the version in its `Source` field (https://ossf.github.io/osv-schema/#affectedpackage-field).
 */
export const matching: Matching = { compare, queries }

function queries(pkg: MatchedPackage, distro: Distro | undefined): readonly AdvisoryQuery[] {
  const release = packageDistro(pkg.purl, distro)
  if (release === undefined) return []
  const name = pkg.source?.name ?? pkg.name
  const version = pkg.source?.version ?? pkg.version
  return ecosystems(release, version).map(ecosystem => ({ ecosystem, name, version }))
}

/**
 * Fixes that only Ubuntu Pro subscribers get carry `esm` in their version and are told of under `Ubuntu:Pro:`; the
 * plain ecosystem goes on calling such a package vulnerable.
 */
function ecosystems(distro: Distro, version: string): readonly string[] {
  const plain = osvEcosystems(distro)
  return distro.id === 'ubuntu' && version.includes('esm')
    ? plain.map(name => name.replace('Ubuntu:', 'Ubuntu:Pro:'))
    : plain
}

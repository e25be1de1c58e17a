import type { Distro } from './distro-identity.ts'
import { releaseOf } from './distro-release.ts'
import { centosStream, distroTable } from './distro-table.ts'
import { parsePurl } from './purl.ts'

export { distroFiles, identifyDistro } from './distro-identify.ts'
export type { Distro } from './distro-identity.ts'
export { osvEcosystems } from './distro-osv.ts'

/**
 * The endoflife.date product and cycle (https://endoflife.date) that tell until when a release is supported;
 * undefined for rolling releases and where nobody publishes it.
 */
export function supportProduct(distro: Distro): { readonly product: string; readonly cycle: string } | undefined {
  const row = distro.id === 'centos' && distro.name.includes('Stream') ? centosStream : tableRow(distro)
  if (row?.product === undefined || row.cycle === undefined) return undefined
  const release = releaseOf(distro, row.cycle) ?? firstServicePack(distro)
  return release === undefined ? undefined : { product: row.product, cycle: release }
}

/** The purl `distro` qualifier: `debian-12`, `alpine-3.20.1`, `debian-forky`, `arch`. */
export function purlDistro(distro: Distro): string {
  const release = distro.version ?? distro.codename
  return release === undefined ? distro.id : `${distro.id}-${release}`
}

/** The distribution that a purl's namespace and `distro` qualifier name; undefined where they do not fit together. */
function distroOfPurl(namespace: string | undefined, qualifier: string | undefined): Distro | undefined {
  if (namespace === undefined || qualifier === undefined) return undefined
  if (qualifier === namespace) return { id: namespace, name: namespace }
  if (!qualifier.startsWith(`${namespace}-`)) return undefined
  const release = qualifier.slice(namespace.length + 1)
  const isVersion = /^\d/.test(release)
  return {
    id: namespace,
    ...(isVersion ? { version: release } : { codename: release }),
    name: `${namespace} ${release}`,
  }
}

/**
 * The distribution that a package's advisories are asked for: the target's, unless the purl names another one, as that of
 * a root file system kept below the root or a package of an SBOM does. Undefined where that one has no packages of this
 * type, such as what Alpine left behind in a Debian image.
 */
export function packageDistro(purl: string, distro: Distro | undefined): Distro | undefined {
  const parts = parsePurl(purl)
  const qualifier = parts?.qualifiers?.distro
  const isOfTarget = distro !== undefined && (qualifier === undefined || qualifier === purlDistro(distro))
  const found = isOfTarget ? distro : distroOfPurl(parts?.namespace, qualifier)
  const isForeign = found !== undefined && tableRow(found) !== undefined && formatOf(found) !== parts?.type
  return isForeign ? undefined : found
}

/** purl type of a known distribution's packages. */
function formatOf({ id }: Distro): string {
  if (id === 'debian' || id === 'ubuntu') return 'deb'
  return ['alpaquita', 'alpine', 'chainguard', 'minimos', 'wolfi'].includes(id) ? 'apk' : 'rpm'
}

function tableRow(distro: Distro) {
  return Object.hasOwn(distroTable, distro.id) ? distroTable[distro.id] : undefined
}

/** SUSE writes `15` for what endoflife.date lists as `15.0`. */
function firstServicePack(distro: Distro): string | undefined {
  return distro.id === 'sles' && /^\d+$/.test(distro.version ?? '') ? `${distro.version}.0` : undefined
}

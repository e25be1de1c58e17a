import { type Distro, purlDistro } from '#model/distro.ts'
import { formatPurl } from '#model/purl.ts'
import type { PackageRow } from './package-row.ts'

/** Vendors whose name is not the distribution's id, as purls in use write them. */
const vendors: ReadonlyMap<string, string> = new Map([
  ['rhel', 'redhat'],
  ['sles', 'suse'],
  ['sles_sap', 'suse'],
  ['sled', 'suse'],
  ['sle-micro', 'suse'],
  ['sl-micro', 'suse'],
  ['opensuse-leap', 'opensuse'],
  ['opensuse-tumbleweed', 'opensuse'],
  ['opensuse-microos', 'opensuse'],
])

/**
 * The purl of an installed package (https://github.com/package-url/purl-spec, type `rpm`): namespace is the vendor,
 * version is version-release and the epoch a qualifier of its own, left out where it is 0.
 */
export function rpmPurl(row: PackageRow, distro: Distro | undefined): string {
  return formatPurl({
    type: 'rpm',
    ...(distro !== undefined && { namespace: vendors.get(distro.id) ?? distro.id.toLowerCase() }),
    name: row.name,
    version: versionRelease(row),
    qualifiers: {
      arch: row.arch,
      distro: distro === undefined ? undefined : purlDistro(distro),
      epoch: row.epoch === undefined ? undefined : String(row.epoch),
      modularitylabel: row.modularity,
      upstream: row.sourceRpm,
    },
  })
}

/** `version-release`, or the version alone where there is no release. */
function versionRelease(row: PackageRow): string {
  return row.release === '' ? row.version : `${row.version}-${row.release}`
}

/** `[epoch:]version-release` with the epoch only where it is not 0. */
export function fullVersion(row: PackageRow): string {
  return withEpoch(versionRelease(row), row.epoch)
}

/**
 * Name and version of the source package. A source package's file name has no epoch; it is that of its binaries, which
 * take it from the same specification file. Undefined where the header names none.
 */
export function sourceOf(row: PackageRow): { readonly name: string; readonly version: string } | undefined {
  const file = row.sourceRpm
  if (file === undefined) return undefined
  const stem = file.endsWith('.src.rpm') ? file.slice(0, -8) : file.endsWith('.nosrc.rpm') ? file.slice(0, -10) : ''
  const beforeRelease = stem.lastIndexOf('-')
  const beforeVersion = stem.lastIndexOf('-', beforeRelease - 1)
  if (beforeVersion <= 0) return undefined
  return { name: stem.slice(0, beforeVersion), version: withEpoch(stem.slice(beforeVersion + 1), row.epoch) }
}

function withEpoch(version: string, epoch: number | undefined): string {
  return epoch === undefined ? version : `${epoch}:${version}`
}

import { type Distro, purlDistro } from '#model/distro.ts'
import { formatPurl } from '#model/purl.ts'
import type { DebPackage } from './status.ts'

/**
 * The purl of an installed Debian package
 * (https://github.com/package-url/purl-spec/blob/main/types/deb-definition.json):
 * `pkg:deb/debian/libssl3@3.0.15-1?arch=amd64&distro=debian-12&upstream=openssl`. The namespace is the distribution;
 * without one there is none. The epoch stays in the version. `upstream` names the source package, with its version
 * where that is not the package's own, and is absent where the package is its own source.
 */
export function debPurl(found: DebPackage, distro: Distro | undefined): string {
  const source = found.source ?? found.name
  const upstream = found.sourceVersion === undefined ? found.source : `${source}@${found.sourceVersion}`
  return formatPurl({
    type: 'deb',
    ...(distro !== undefined && { namespace: distro.id }),
    name: found.name.toLowerCase(),
    version: found.version,
    qualifiers: { arch: found.arch, distro: distro && purlDistro(distro), upstream },
  })
}

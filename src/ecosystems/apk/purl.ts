import { type Distro, purlDistro } from '#model/distro.ts'
import { formatPurl } from '#model/purl.ts'
import type { ApkPackage } from './installed.ts'

/**
 * The purl of an installed apk package
 * (https://github.com/package-url/purl-spec/blob/main/types/apk-definition.json):
 * `pkg:apk/alpine/libcrypto3@3.3.2-r1?arch=x86_64&distro=alpine-3.20.3&upstream=openssl`. The namespace is the
 * distribution; without one there is none. `upstream` names the origin where that is not the package itself.
 */
export function apkPurl(found: ApkPackage, distro: Distro | undefined): string {
  return formatPurl({
    type: 'apk',
    ...(distro !== undefined && { namespace: distro.id }),
    name: found.name.toLowerCase(),
    version: found.version,
    qualifiers: {
      arch: found.arch,
      distro: distro && purlDistro(distro),
      upstream: found.origin === found.name ? undefined : found.origin,
    },
  })
}

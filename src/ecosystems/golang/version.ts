import { compareSemver } from '#lib/semver.ts'
import { advisoryVersion } from './toolchain.ts'

/**
 * Order of Go versions, with or without `v`: that of https://pkg.go.dev/golang.org/x/mod/semver for module versions,
 * pseudo-versions and `+incompatible` included, and that of https://pkg.go.dev/go/version for released toolchains
 * (`1.21rc2` before `1.21.0`). Where those refuse a version (`2020.03.16.00`, which advisories do name), its numbers
 * still count; what is no version at all comes first.
 */
export function compareVersions(a: string, b: string): number {
  return compareSemver(toSemver(a), toSemver(b))
}

/** A toolchain's `1.21rc2` and `go1.21.3` in the spelling of modules; everything else as it is. */
function toSemver(version: string): string {
  const isToolchain =
    version.startsWith('go') || /^\d{1,9}\.\d{1,9}(?:\.\d{1,9})?(?:rc|beta|alpha)\d{1,9}$/.test(version)
  return (isToolchain ? advisoryVersion(version) : undefined) ?? version
}

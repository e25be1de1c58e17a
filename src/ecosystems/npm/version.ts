import { compareSemver } from '#lib/semver.ts'

/**
 * Order of npm versions: that of node-semver in loose mode (https://github.com/npm/node-semver), which is SemVer
 * precedence. Beyond it, numbers of any size keep their precision, and what node-semver refuses has a place too. One quirk is not
 * followed: node-semver reads `1.2.34.5` as `1.2.3-4.5`; here further numbers count as numbers. No registry takes either.
 */
export function compareVersions(a: string, b: string): number {
  return compareSemver(a, b)
}

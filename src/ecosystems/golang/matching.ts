import type { Matching } from '#ecosystems/types.ts'
import { parseSemver } from '#lib/semver.ts'
import { standardModules } from './standard-modules.ts'
import { advisoryVersion } from './toolchain.ts'
import { compareVersions } from './version.ts'

/**
 * Advisories know modules by their path, and the standard library and the Go toolchain as `stdlib` and `toolchain`.
 * What was built from a folder or a development toolchain has no version to ask for.
 */
export const matching: Matching = {
  compare: compareVersions,
  queries: ({ name, version }) => {
    const asked = standardModules.has(name) ? advisoryVersion(version) : version
    return asked === undefined || parseSemver(asked) === undefined ? [] : [{ ecosystem: 'Go', name, version: asked }]
  },
  // Advisories write module versions without the `v` that `go get` asks for; the toolchain's have none.
  spell: ({ name }, version) => (standardModules.has(name) || version.startsWith('v') ? version : `v${version}`),
}

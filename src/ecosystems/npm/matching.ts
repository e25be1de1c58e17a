import type { Matching } from '#ecosystems/types.ts'
import { parseSemver } from '#lib/semver.ts'
import { compareVersions } from './version.ts'

/** Advisories know npm packages by their name as published; a git or tarball address is no version to ask for. */
export const matching: Matching = {
  compare: compareVersions,
  queries: ({ name, version }) => (parseSemver(version) === undefined ? [] : [{ ecosystem: 'npm', name, version }]),
}

import type { Matching } from '#ecosystems/types.ts'
import { compareMavenVersions } from './version.ts'

/** Java packages meet OSV's `Maven` records by `group:artifact`; one without a group meets none. */
export const matching: Matching = {
  compare: compareMavenVersions,
  queries: pkg => (pkg.name.includes(':') ? [{ ecosystem: 'Maven', name: pkg.name, version: pkg.version }] : []),
}

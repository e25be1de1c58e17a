import type { Matching } from '#ecosystems/types.ts'
import { normalizeName } from './name.ts'
import { comparePypiVersions } from './version.ts'

/** Python packages meet OSV's `PyPI` records by normalised name. */
export const matching: Matching = {
  compare: comparePypiVersions,
  queries: pkg => [{ ecosystem: 'PyPI', name: normalizeName(pkg.name), version: pkg.version }],
}

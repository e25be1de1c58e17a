import type { ZipEntry } from '#lib/zip.ts'
import type { Coordinates } from './coordinates.ts'
import table from './known-groups.json' with { type: 'json' }
import { compareMavenVersions } from './version.ts'

/**
 * Archives that are published without Maven's descriptors, by file name; origin in `fixtures/ORIGIN.md`. `name` may end
 * in `*`. An archive is the one meant where it has members below `directory` and its version is in `[from, below)`.
 * `artifact` is given where the file is not named after it.
 */
interface KnownGroup {
  readonly name: string
  readonly group: string
  readonly directory: string
  readonly artifact?: string
  readonly from?: string
  readonly below?: string
}

const rows: readonly KnownGroup[] = table

/** Group and artifact of a well-known archive whose own directories agree; undefined for all others. */
export function findKnownGroup(archive: {
  readonly artifact: string
  readonly version: string
  readonly entries: readonly ZipEntry[]
}): Omit<Coordinates, 'version'> | undefined {
  const { artifact, version, entries } = archive
  const row = rows.find(
    candidate =>
      isNamed(candidate.name, artifact) &&
      (candidate.from === undefined || compareMavenVersions(version, candidate.from) >= 0) &&
      (candidate.below === undefined || compareMavenVersions(version, candidate.below) < 0) &&
      entries.some(entry => entry.name.startsWith(candidate.directory)),
  )
  return row === undefined ? undefined : { group: row.group, artifact: row.artifact ?? artifact }
}

function isNamed(pattern: string, artifact: string): boolean {
  return pattern.endsWith('*') ? artifact.startsWith(pattern.slice(0, -1)) : artifact === pattern
}

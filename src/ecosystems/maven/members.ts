import type { ZipEntry } from '#lib/zip.ts'
import type { Coordinates } from './coordinates.ts'

/** The members of one archive. */
export interface ArchiveMembers {
  readonly entries: readonly ZipEntry[]
  /** Content of a small member; undefined where it cannot be read, which has then been told of. */
  readonly read: (entry: ZipEntry) => Uint8Array | undefined
}

/** A package that an archive proves to hold. */
export interface IdentifiedPackage extends Coordinates {
  readonly licenses: readonly string[]
}

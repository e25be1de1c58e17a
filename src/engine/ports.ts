import type { AdvisoryReader } from '#advisories/types.ts'
import type { ProgressEvent } from '#images/types.ts'

/** What a program supplies to the engine: the engine itself touches no clock, file, network or environment. */
export interface Ports {
  /** Opens advisories that hold these OSV ecosystems (without release suffix), fetching what is missing if it may. */
  readonly advisories: (ecosystems: readonly string[]) => Promise<AdvisoryReader>
  readonly cache: EntryCache
  /** What stores of advisories said. */
  readonly answers: EntryCache
  /** Names the program's code, where that cannot change under its name: facts of whole images are then cached too. */
  readonly build?: string
  readonly hash: (algorithm: HashAlgorithm) => Hasher
  /** The clock that verdicts are made by. */
  readonly now: () => Date
  /** Sluice's own folder for spooled bytes. */
  readonly temporary: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
  readonly progress?: (event: ProgressEvent) => void
}

/** Entries by key. Losing one costs time, never correctness; a damaged entry reads as none. */
export interface EntryCache {
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  /** Makes an entry ready, which is not known yet to be right; what this gives stores it. Neither rejects. */
  readonly prepare: (key: string, value: Uint8Array) => Promise<() => Promise<void>>
}

export type HashAlgorithm = 'md5' | 'sha1' | 'sha256'

/** An incremental hash; `hex` ends it. */
export interface Hasher {
  readonly update: (data: Uint8Array | string) => void
  readonly hex: () => string
}

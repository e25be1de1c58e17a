import type { OsvBucket } from '#advisories/osv/fetch.ts'
import { Failure } from '#lib/failure.ts'
import type { Draft } from './draft.ts'
import type { FeedState } from './manifest.ts'

/** What an update tells while it works. */
export interface UpdateProgress {
  /** `osv/<Ecosystem>`, `kev`, `epss`, `eol`; `store` for what concerns all. */
  readonly feed: string
  readonly step: 'wait' | 'check' | 'download' | 'read' | 'join'
  /** Bytes of a download, records of others. */
  readonly done?: number
  readonly total?: number
}

/** What all feeds of one update share. */
export interface UpdateContext {
  readonly now: Date
  readonly draft: Draft
  /** Ids whose flaws are to be joined again. */
  readonly dirty: Set<string>
  readonly progress: (event: UpdateProgress) => void
  readonly signal?: AbortSignal
}

/** One folder of one bucket, and what is held of it. */
export interface BucketRequest {
  readonly bucket: OsvBucket
  readonly ecosystem: string
  readonly previous: FeedState | undefined
}

/** What became of one feed. */
export interface FeedUpdate {
  readonly state: FeedState
  /** Records added, replaced or removed. */
  readonly changed: number
}

/** The failure for data that is not what its source publishes; the data in use stays. */
export function broken(feed: string, reason: string, cause?: unknown): Failure {
  return new Failure('feeds/broken', `${feed}: ${reason}`, {
    hint: 'What was held of this feed stays in use. Try again later, or from another mirror.',
    cause,
  })
}

/** The failure for data older than what is held: a replay, or a mirror that lags behind. */
export function replayed(feed: string, offered: string | undefined, held: string): Failure {
  return new Failure(
    'feeds/replayed',
    `${feed}: offers data of ${offered ?? 'no time'}, older than the ${held} in use`,
    {
      hint: 'What was held of this feed stays in use. Update from a source that is current.',
    },
  )
}

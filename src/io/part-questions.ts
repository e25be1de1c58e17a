import type { Hash } from 'node:crypto'
import type { FilePart } from './file.ts'

/* What threads are asked to do with parts of files, and what they answer: structured-clone data. */

/** Digests that are wanted of a part. */
export interface HashQuestion extends FilePart {
  readonly algorithms: readonly string[]
  /** The number under which an `InflateQuestion` may have begun them in the same thread. */
  readonly begun?: number | undefined
  /**
   * The task stops where `state[0]` becomes 1. Who puts 1 into `state[1]` first does it: the asker may be sooner.
   * `state[2]` tells how many MiB are hashed.
   */
  readonly state: Int32Array<SharedArrayBuffer>
  /** Where the asker may put bytes that come next, read while it has nothing else to do. */
  readonly ahead?: Ring | undefined
}

/** The digests of a part, hexadecimal and in the order they were asked for, and how many bytes there were. */
export interface PartDigest {
  readonly hex: readonly string[]
  readonly bytes: number
}

export type HashAnswer = PartDigest | { readonly failed: string } | 'stopped'

/** A part that is wanted inflated. */
export interface InflateQuestion extends FilePart {
  readonly encoding: 'gzip' | 'zstd'
  readonly ring: Ring
  /** Digests of the part as it is stored: begun while the ring is full, for a `HashQuestion` to end. */
  readonly begins?: BegunThere | undefined
}

/** Digests that a thread begins for one question and ends for another, which it knows by their number. */
export interface BegunThere {
  readonly number: number
  readonly algorithms: readonly string[]
}

/** Digests of the first bytes of a part. */
export interface Hashing {
  readonly hashes: readonly Hash[]
  bytes: number
}

/** Pieces of memory that one thread fills in turn, and another empties. */
export interface Ring {
  readonly pieces: readonly Uint8Array<SharedArrayBuffer>[]
  /** Two for each piece: the bytes in it, and how many of the part were read for it and for what comes before. */
  readonly sizes: Float64Array<SharedArrayBuffer>
  /** How many pieces were given, how many taken, and 1 where nothing more is wanted. A piece without bytes is the last. */
  readonly counts: Int32Array<SharedArrayBuffer>
}

/** How inflating ended; nothing of it where all is well. */
export interface InflateAnswer {
  /** The library's name for what is wrong with the stream; `trailing` where bytes follow its end. */
  readonly fault?: string
  /** What the system says where the file cannot be read. */
  readonly failed?: string
  /** Nothing was done: this Node has no such decoder as is known here. */
  readonly isUnknown?: true
}

/** A piece of what a part inflates to. */
export interface Inflated {
  /** Bytes, from the start of the memory that was given. */
  readonly given: number
  /** Bytes of the part that were read for what came so far. */
  readonly read: number
}

/** Digests that were begun: by the number of a `BegunThere`, or by the `earlyName` of their part. */
export type BegunHashes = Map<number | string, Hashing>

/** A file of which the first part that will be asked for is hashed ahead. */
export interface EarlyQuestion {
  readonly path: string
  /** An image archive, of which the part is the first layer; else it is the whole file. */
  readonly isArchive: boolean
  /** The task stops where `stop[0]` becomes 1. */
  readonly stop: Int32Array<SharedArrayBuffer>
}

import type { CoverageShare } from './coverage.ts'

/** Inputs longer than this are cut. */
export const maxInput = 1 << 20

/** What the worker is started with. */
export interface WorkerTask {
  /** Module that exports `targets`. */
  readonly module: string
  readonly target: string
  readonly seed: number
  readonly seconds: number
  /** Where inputs that reached new code are kept and taken from; absent: nowhere. */
  readonly corpus?: string
  /** True where one finding is enough. */
  readonly stopsAtFinding?: boolean
  /** A run of one input slower than this, in milliseconds, is a finding. */
  readonly slow: number
  /** Runs counted, the current input's length, then the input itself: read by the watcher when the worker is stuck. */
  readonly shared: SharedArrayBuffer
}

/** Bytes of the shared memory before the input. */
export const sharedHeader = 8

/** Something that must not be. */
export interface Finding {
  readonly kind: 'crash' | 'slow' | 'hang' | 'memory'
  readonly detail: string
  readonly input: Uint8Array
}

/** What the worker tells. */
export type WorkerMessage =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'end'; readonly corpus: number; readonly coverage: CoverageShare }

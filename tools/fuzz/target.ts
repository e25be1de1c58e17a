/** One thing that is fed with bytes. */
export interface FuzzTarget {
  readonly name: string
  /** Source files that the target is about, by the beginning of their path from `src/`: for the coverage shown. */
  readonly covers: readonly string[]
  /** Valid inputs to start from; made when the run starts. */
  readonly seeds: () => readonly (Uint8Array | string)[]
  /** Words of the format, put in whole. */
  readonly words?: readonly (Uint8Array | string)[]
  /** Longest input that is tried, in bytes. */
  readonly maxLength?: number
  /** What most inputs get before they are run: checksums made right, so that what lies behind them is reached. */
  readonly repair?: (bytes: Uint8Array) => void
  /** `errors`: may throw an `Error` of its own. `never`: may throw nothing. Other bugs are bugs of both. */
  readonly throws: 'errors' | 'never'
  /** Runs one input. Throws `Violation` where a promise is broken that no exception shows. */
  readonly run: (bytes: Uint8Array) => void | Promise<void>
}

/** A promise of the code under test that did not hold. */
class Violation extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Violation'
  }
}

/** Throws `Violation` where `holds` is false. */
export function promise(holds: boolean, message: string): void {
  if (!holds) throw new Violation(message)
}

/** True for what the target's contract does not allow to escape. */
export function isBug(error: unknown, throws: FuzzTarget['throws']): boolean {
  if (!(error instanceof Error) || error instanceof Violation || throws === 'never') return true
  return ['RangeError', 'TypeError', 'ReferenceError', 'URIError', 'EvalError', 'AggregateError'].includes(error.name)
}

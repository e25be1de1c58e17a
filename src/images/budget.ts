import { type LimitName, type Limits, limitDetail } from '#model/limits.ts'

/** What all layers of one target have asked for so far; every walk over one of its layers adds to it. */
export interface TargetBudget {
  /** Uncompressed and stored bytes of a layer that were just read: what is exceeded by that, or undefined. */
  readonly take: (plain: number, stored: number) => string | undefined
}

/** Milliseconds of a clock that nobody sets. Node loads no module for this one. */
const monotonic = () => Number(process.hrtime.bigint()) / 1e6

/** The budget of one target; time runs from now on. */
export function openBudget(limits: Limits, now: () => number = monotonic): TargetBudget {
  const start = now()
  let plain = 0
  let stored = 0
  const excess = (what: string, name: LimitName) => limitDetail(`All layers together ${what}`, name, limits)
  return {
    take: (morePlain, moreStored) => {
      plain += morePlain
      stored += moreStored
      if (plain > limits['target-bytes']) return excess('are too large', 'target-bytes')
      if (isBomb(plain, stored, limits)) return excess('inflate to too many times their size', 'inflate-ratio')
      if (now() - start > 1000 * limits['target-seconds']) return excess('take too long to read', 'target-seconds')
      return undefined
    },
  }
}

/** True where bytes inflate to more than any real content does. */
export function isBomb(plain: number, stored: number, limits: Limits): boolean {
  return plain > limits['inflate-ratio-from'] && plain > limits['inflate-ratio'] * stored
}

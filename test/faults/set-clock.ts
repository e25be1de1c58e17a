import process from 'node:process'

/**
 * Loaded by `--import` before Sluice: what the system's clock says is changed, by the milliseconds that the last step of
 * `SLUICE_TEST_CLOCK` adds whose moment has come. `[[0, 5], [300, -5]]`: 5 ms fast from the start, 5 ms slow after 300.
 * Clocks that only run forward go on as they do when a system's clock is set.
 */
const steps: readonly (readonly [number, number])[] = JSON.parse(process.env.SLUICE_TEST_CLOCK ?? '[]')
const RealDate = Date

const realNow = () => RealDate.now()
const offset = () => steps.findLast(([after]) => performance.now() >= after)?.[1] ?? 0

class SetDate extends RealDate {
  constructor(...values: readonly unknown[]) {
    // @ts-expect-error: Date's own overloads tell what it takes.
    super(...(values.length === 0 ? [realNow() + offset()] : values))
  }

  static override now(): number {
    return realNow() + offset()
  }
}

globalThis.Date = SetDate as DateConstructor

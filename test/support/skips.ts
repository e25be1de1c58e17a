import { describe, it } from 'vitest'

/**
 * `describe` for suites that need something this machine may not have. Where it is missing the suite is skipped and
 * says so loudly; with `SLUICE_REQUIRE_ALL` set, as in CI, it fails instead.
 */
export function describeWith(need: string, present: boolean): typeof describe | typeof describe.skip {
  return mayRun(need, present) ? describe : describe.skip
}

/** The same for one test. */
export function itWith(need: string, present: boolean): typeof it | typeof it.skip {
  return mayRun(need, present) ? it : it.skip
}

function mayRun(need: string, present: boolean): boolean {
  if (present) return true
  if (process.env.SLUICE_REQUIRE_ALL) {
    throw new Error(`These tests need ${need}, and SLUICE_REQUIRE_ALL says that nothing may be skipped`)
  }
  console.warn(`SKIPPED: tests need ${need}`)
  return false
}

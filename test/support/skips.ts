import { describe } from 'vitest'

/**
 * `describe` for suites that need something this machine may not have. Where it is missing the suite is skipped and
 * says so loudly; with `SLUICE_REQUIRE_ALL` set, as in CI, it fails instead.
 */
export function describeWith(need: string, present: boolean): typeof describe | typeof describe.skip {
  if (present) return describe
  if (process.env.SLUICE_REQUIRE_ALL) {
    throw new Error(`This suite needs ${need}, and SLUICE_REQUIRE_ALL says that nothing may be skipped`)
  }
  console.warn(`SKIPPED: a suite needs ${need}`)
  return describe.skip
}

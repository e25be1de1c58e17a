import { normalizeEol, type ReleaseCycle } from './normalize.ts'
import dates from './shipped.json' with { type: 'json' }

/**
 * Support dates of distributions as endoflife.date published them in August 2026 (https://endoflife.date, MIT). They
 * stand in where a store holds no newer ones, so that a store of advisories alone still tells a release that has ended.
 */
export function shippedCycle(product: string, cycle: string): ReleaseCycle | undefined {
  const cycles = normalizeEol(dates)
  return typeof cycles === 'string'
    ? undefined
    : cycles.find(known => known.product === product && known.cycle === cycle)
}

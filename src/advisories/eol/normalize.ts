import { asArray, asObject, asString, member } from '#lib/json.ts'

/** One release cycle of one product. Dates are `YYYY-MM-DD`. */
export interface ReleaseCycle {
  readonly product: string
  readonly cycle: string
  /** End of security support; undefined while it has none. */
  readonly regularUntil?: string
  /** End of extended support (LTS, ESM, ELS), else of regular support. */
  readonly lastUntil?: string
}

const datePattern = /^\d{4}-\d{2}-\d{2}$/
const maxCycles = 100_000

/**
 * Reads support dates, either as one key a product with its cycles (the shape of endoflife.date's first API:
 * `{"debian": [{"cycle": "12", "eol": "2026-06-10", "eoes": …}]}`) or as `/api/v1/products/full` answers
 * (https://endoflife.date/docs/api/v1/). A string is why it cannot be used. Sorted by product and cycle.
 *
 * A cycle that has ended on a date nobody gives (`true`) counts from its own release: it has ended all the same.
 */
export function normalizeEol(raw: unknown): readonly ReleaseCycle[] | string {
  const products = asObject(raw)
  if (products === undefined) return 'the support dates are not an object'
  const cycles: ReleaseCycle[] = []
  const result = member(raw, 'result')
  const listed: (readonly [unknown, readonly unknown[]])[] = Array.isArray(result)
    ? result.map(product => [member(product, 'name'), asArray(member(product, 'releases')).map(asFirstShape)] as const)
    : Object.entries(products).map(([name, list]) => [name, Array.isArray(list) ? list : [undefined]] as const)
  for (const [product, entries] of listed) {
    if (typeof product !== 'string' || product === '' || product.length > 100) return 'a product has no name'
    for (const entry of entries) {
      const cycle = readCycle(product, entry)
      if (cycle === undefined) return `${product} has a cycle without a name`
      if (cycles.push(cycle) > maxCycles) return 'there are more release cycles than can be'
    }
  }
  if (cycles.length === 0) return 'there are no support dates'
  return cycles.sort((a, b) => (`${a.product}\n${a.cycle}` < `${b.product}\n${b.cycle}` ? -1 : 1))
}

/** A release of API v1 in the words of the first API. */
function asFirstShape(release: unknown): unknown {
  return {
    cycle: member(release, 'name'),
    releaseDate: member(release, 'releaseDate'),
    eol: member(release, 'eolFrom') ?? member(release, 'isEol'),
    eoes: member(release, 'eoesFrom') ?? member(release, 'isEoes') ?? undefined,
  }
}

function readCycle(product: string, entry: unknown): ReleaseCycle | undefined {
  const cycle = asString(member(entry, 'cycle'))
  if (cycle === undefined || cycle === '' || cycle.length > 100) return undefined
  const released = dateOf(member(entry, 'releaseDate'), undefined) ?? '1970-01-01'
  const regularUntil = dateOf(member(entry, 'eol'), released)
  const extended = dateOf(member(entry, 'eoes'), regularUntil)
  const lastUntil =
    extended !== undefined && regularUntil !== undefined && extended > regularUntil ? extended : regularUntil
  return { product, cycle, regularUntil, lastUntil }
}

/** A date; `whenTrue` where it is only known to have passed; undefined where there is none (yet). */
function dateOf(value: unknown, whenTrue: string | undefined): string | undefined {
  if (value === true) return whenTrue
  return typeof value === 'string' && datePattern.test(value) ? value : undefined
}

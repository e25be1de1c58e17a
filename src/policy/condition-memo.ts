import type { Condition, Outcome, Variables } from './condition.ts'
import type { FindingPath } from './condition-paths.ts'

/**
 * Evaluates a condition on the findings of one target at one moment: once for all findings that are the same in what it
 * reads, as most are.
 */
export function evaluateOnce({ evaluate, reads }: Condition): Condition['evaluate'] {
  const known = new Map<string, Outcome>()
  return variables => {
    const key = keyOf(variables, reads)
    const before = key === undefined ? undefined : known.get(key)
    if (before !== undefined) return before
    const outcome = evaluate(variables)
    if (key !== undefined) known.set(key, outcome)
    return outcome
  }
}

/** Undefined where the condition reads a list, a time or more. */
function keyOf({ finding }: Variables, reads: readonly FindingPath[]): string | undefined {
  let key = ''
  for (const path of reads) {
    let value: unknown = finding
    let depth = 0
    for (; depth < path.length && typeof value === 'object' && value !== null; depth++)
      value = (value as Readonly<Record<string, unknown>>)[path[depth]!]
    if (typeof value === 'object') return undefined
    // What is missing is named in an error, and so makes a difference too.
    key += `${depth} ${typeof value} ${String(value).length} ${value} `
  }
  return key
}

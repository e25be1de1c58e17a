import type { Condition, Outcome, Variables } from './condition.ts'
import type { FindingPath } from './condition-paths.ts'

/** What is known of the findings in which the values read so far are the same. */
interface Known {
  outcome?: Outcome
  /** By the value that is read next. */
  next?: Map<unknown, Known>
  /** By how many steps of the path there were, where not all. */
  cut?: Map<number, Known>
}

/**
 * Evaluates a condition on the findings of one target at one moment: once for all findings that are the same in what it
 * reads, as most are.
 */
export function evaluateOnce({ evaluate, reads }: Condition): Condition['evaluate'] {
  const all: Known = {}
  return variables => {
    const known = knownOf(variables, reads, all)
    if (known === undefined) return evaluate(variables)
    known.outcome ??= evaluate(variables)
    return known.outcome
  }
}

/** Undefined where the condition reads a list, a time or more. */
function knownOf({ finding }: Variables, reads: readonly FindingPath[], all: Known): Known | undefined {
  let known = all
  for (const path of reads) {
    let value: unknown = finding
    let depth = 0
    for (; depth < path.length && typeof value === 'object' && value !== null; depth++)
      value = (value as Readonly<Record<string, unknown>>)[path[depth]!]
    if (typeof value === 'object') return undefined
    // What is missing is named in an error, and so makes a difference too.
    if (depth < path.length) {
      known.cut ??= new Map()
      known = entry(known.cut, depth)
    }
    // Made where they are needed: of a condition that reads a name, there are as many ends as findings.
    known.next ??= new Map()
    known = entry(known.next, value)
  }
  return known
}

function entry<K>(map: Map<K, Known>, key: K): Known {
  const found = map.get(key) ?? {}
  map.set(key, found)
  return found
}

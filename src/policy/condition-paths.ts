import type { ASTNode } from '@marcbachmann/cel-js'

/** A member of `finding` that an expression reads: `['fix', 'available']`; empty where it takes the finding as a whole. */
export type FindingPath = readonly string[]

/** What an expression may read of a finding: whatever else a finding holds makes no difference to it. */
export function findingPaths(node: unknown): readonly FindingPath[] {
  const chain = chainOf(node)
  if (chain !== undefined) return chain[0] === 'finding' ? [chain.slice(1)] : []
  if (Array.isArray(node)) return node.flatMap(findingPaths)
  return typeof node === 'object' && node !== null ? findingPaths((node as Partial<ASTNode>).args) : []
}

/** The names in `a.b.c`; undefined for any other node. */
function chainOf(node: unknown): readonly string[] | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const { op, args } = node as { readonly op?: string; readonly args?: unknown }
  if (op === 'id') return [args as string]
  if (op !== '.') return undefined
  const [object, member] = args as readonly [unknown, string]
  const before = chainOf(object)
  return before === undefined ? undefined : [...before, member]
}

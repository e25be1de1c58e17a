import { asArray, asObject, asString, member } from '#lib/json.ts'
import type { DeclaredPackage } from './declared.ts'
import { entriesOf, nameAndVersion } from './locks.ts'

/**
 * `uv.lock` (https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile). Members of the workspace and local
 * directories are the project itself, not packages. What only development groups of the members lead to is for
 * development. Throws on bad TOML.
 */
export function parseUvLock(text: string): readonly DeclaredPackage[] {
  const entries = entriesOf(text, 'package')
  const locals = entries.filter(isLocal)
  const needed = locals.length === 0 ? undefined : reachable(entries, locals)
  return entries.flatMap(entry => {
    const declared = nameAndVersion(entry)
    if (declared === undefined || isLocal(entry)) return []
    return [{ ...declared, ...(needed !== undefined && !needed.has(entry) && { dev: true }) }]
  })
}

function isLocal(entry: unknown): boolean {
  const source = member(entry, 'source')
  return ['virtual', 'editable', 'directory'].some(kind => member(source, kind) !== undefined)
}

/** Every entry that the given ones lead to without development groups; extras of all count, since they can be asked for. */
function reachable(entries: readonly unknown[], from: readonly unknown[]): ReadonlySet<unknown> {
  const byName = Map.groupBy(entries, entry => asString(member(entry, 'name')) ?? '')
  const seen = new Set<unknown>(from)
  for (const entry of seen) {
    const extras = Object.values(asObject(member(entry, 'optional-dependencies')) ?? {})
    for (const dependency of [asArray(member(entry, 'dependencies')), ...extras.map(asArray)].flat()) {
      const version = asString(member(dependency, 'version'))
      // Growing the set while it is walked visits what was added.
      for (const target of byName.get(asString(member(dependency, 'name')) ?? '') ?? [])
        if (version === undefined || asString(member(target, 'version')) === version) seen.add(target)
    }
  }
  return seen
}

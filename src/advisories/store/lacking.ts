import { baseEcosystem } from '#advisories/names.ts'
import { loadManifest, storeFolder } from './files.ts'

/**
 * Those of the ecosystems (a release is ignored) that the store does not hold; none where it has to be built anew. In a
 * file of its own, so that a scan which lacks nothing loads nothing that fetches.
 */
export function lackingEcosystems(home: string, ecosystems: readonly string[]): readonly string[] {
  const named = loadManifest(storeFolder(home))
  if (typeof named === 'string') return []
  const held = named?.feeds ?? {}
  return [...new Set(ecosystems.map(baseEcosystem))].filter(name => !Object.hasOwn(held, `osv/${name}`))
}

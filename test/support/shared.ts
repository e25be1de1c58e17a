import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '#test/architecture/sources.ts'

const shared = join(root, '..', 'shared')

/** A folder of `../shared` (feeds, schemas, corpus recipes), or undefined where the repository stands alone. */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const path = join(shared, ...parts)
  return existsSync(path) ? path : undefined
}

import { type Limits, limitDetail } from '#model/limits.ts'
import type { Stack, StackedFile } from './stack.ts'

/** Files whose packages a target has room for, and the first one of the others. */
export interface FilesWithin {
  readonly files: readonly StackedFile[]
  readonly excess?: { readonly path: string; readonly detail: string }
}

/**
 * Leaves out files that are seen from the highest layer, from where on they would list more packages than
 * `target-packages`: what is put together of a package takes several times the memory of its facts.
 */
export function filesWithin({ files, height }: Stack, limits: Limits): FilesWithin {
  let listed = 0
  let first: string | undefined
  let others = 0
  const within = files.filter(({ path, hiddenBy, file: { packages = 1 } }) => {
    if (hiddenBy < height) return true
    if (listed + packages <= limits['target-packages']) {
      listed += packages
      return true
    }
    if (first === undefined) first = path
    else others++
    return false
  })
  if (first === undefined) return { files }
  const which = others === 0 ? 'this file is left out' : `this file and ${others} more are left out`
  return {
    files: within,
    excess: { path: first, detail: limitDetail(`Too many packages, ${which}`, 'target-packages', limits) },
  }
}

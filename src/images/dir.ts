import { Failure } from '#lib/failure.ts'
import { baseName } from '#lib/text.ts'
import { kindOf } from './locate.ts'
import { openTree } from './tree-layer.ts'
import type { OpenedTarget, OpenOptions } from './types.ts'

/**
 * Opens a directory of sources or build output, or a single file. What `.git` directories hold is not entered: it is
 * history, not content. Nothing else is left out. Throws `Failure` where there is nothing of that name.
 */
export async function open(name: string, options: OpenOptions): Promise<OpenedTarget> {
  if ((await kindOf(name)) === undefined) {
    throw new Failure('image/not-found', `There is no file or directory ${name}`)
  }
  const layers = [openTree(name, { isClosed: path => baseName(path) === '.git' }, options)]
  return { target: { scheme: 'dir', name, kind: 'directory' }, layers, problems: [], close: async () => undefined }
}

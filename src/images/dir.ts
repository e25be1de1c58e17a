import { closeDescriptor, openRegularFile, readAt } from '#io/file.ts'
import { encodingOf } from '#io/inflate.ts'
import { Failure } from '#lib/failure.ts'
import { isTarStart } from '#lib/tar-header.ts'
import { baseName } from '#lib/text.ts'
import { kindOf } from './locate.ts'
import { openTree } from './tree-layer.ts'
import type { OpenedTarget, OpenOptions } from './types.ts'

/**
 * Opens a directory of sources or build output, or a single file. What `.git` directories hold is not entered: it is
 * history, not content. Nothing else is left out. Throws `Failure` where there is nothing of that name.
 */
export async function open(name: string, options: OpenOptions): Promise<OpenedTarget> {
  const kind = await kindOf(name)
  if (kind === undefined) throw new Failure('image/not-found', `There is no file or directory ${name}`)
  if (kind === 'file' && (await isPacked(name))) {
    // An image archive that lost its end has lost its manifest: it must not pass for a file without packages.
    const hint = `If it is the root file system of a container, name it as rootfs:${name}`
    throw new Failure('image/not-an-image', `${name} is an archive, but not a whole image`, { hint })
  }
  const layers = [openTree(name, { isClosed: path => baseName(path) === '.git' }, options)]
  return { target: { scheme: 'dir', name, kind: 'directory' }, layers, problems: [], close: async () => undefined }
}

/** True for tar archives and compressed files, in which no packages can be seen from outside. */
async function isPacked(path: string): Promise<boolean> {
  const file = await openRegularFile(path).catch(() => undefined)
  if (file === undefined) return false
  const head = readAt(file.fd, 0, 512)
  await closeDescriptor(file.fd)
  return encodingOf(head) !== 'plain' || isTarStart(head)
}

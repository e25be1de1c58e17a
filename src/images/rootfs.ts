import type { FileStatus } from '#io/directory.ts'
import { closeDescriptor, openRegularFile, readAt } from '#io/file.ts'
import { encodingOf } from '#io/inflate.ts'
import { Failure } from '#lib/failure.ts'
import { isTarStart } from '#lib/tar-header.ts'
import { openLayer } from './layer.ts'
import { isThere, kindOf } from './locate.ts'
import { regionBlob } from './store.ts'
import { openTree } from './tree-layer.ts'
import type { LayerSource, OpenedTarget, OpenOptions } from './types.ts'

/** The kernel's file systems, where a running system has them. */
const kernelFolders = new Set(['proc', 'sys', 'dev'])

/** One of these makes a directory an operating system's root. */
const systemMarks = [
  'etc/os-release',
  'usr/lib/os-release',
  'lib/apk/db',
  'var/lib/dpkg',
  'var/lib/rpm',
  'usr/lib/sysimage/rpm',
]

/** True for a directory that holds an operating system. */
export async function isSystemRoot(path: string): Promise<boolean> {
  if ((await kindOf(path)) !== 'directory') return false
  for (const mark of systemMarks) if (await isThere(`${path}/${mark}`)) return true
  return false
}

/**
 * Opens a root file system: a directory, or a tar archive of one as `docker export` writes it. Of a running system
 * `/proc`, `/sys` and `/dev` are not entered where they are mounted. Throws `Failure`.
 */
export async function open(name: string, options: OpenOptions): Promise<OpenedTarget> {
  const kind = await kindOf(name)
  if (kind === undefined) throw new Failure('image/not-found', `There is no file or directory ${name}`)
  const target = { scheme: 'rootfs', name, kind: 'filesystem' } as const
  if (kind === 'file') {
    const { layer, close } = await openExport(name, options)
    return { target, layers: [layer], problems: [], close }
  }
  const layers = [openTree(name, { isClosed: isKernelFolder }, options)]
  return { target, layers, problems: [], close: async () => undefined }
}

function isKernelFolder(path: string, status: () => FileStatus, root: FileStatus): boolean {
  return kernelFolders.has(path) && status().device !== root.device
}

async function openExport(
  name: string,
  options: OpenOptions,
): Promise<{ layer: LayerSource; close: () => Promise<void> }> {
  const file = await openRegularFile(name).catch(cause => {
    throw new Failure('image/unreadable', `${name} cannot be read`, { cause })
  })
  if (file === undefined) throw new Failure('image/not-an-image', `${name} is no regular file`)
  const close = () => closeDescriptor(file.fd)
  const head = readAt(file.fd, 0, 512)
  if (encodingOf(head) === 'plain' && !isTarStart(head)) {
    await close()
    const hint = `Name it as dir:${name} to look at this one file`
    throw new Failure('image/not-an-image', `${name} is neither a directory nor a tar archive`, { hint })
  }
  const blob = regionBlob({ fd: file.fd, offset: 0, size: file.size })
  const { temporary, progress, limits } = options
  return { layer: openLayer(blob, {}, { temporary, progress, limits, label: 'file system' }), close }
}

import { join } from 'node:path'
import { Failure } from '#lib/failure.ts'
import { openImage } from './image.ts'
import { isThere, locate } from './locate.ts'
import { openOciLayout } from './oci-layout.ts'
import { directoryStore } from './store.ts'
import type { OpenedTarget, OpenOptions } from './types.ts'

/** True where a name is `path[:tag]` or `path@digest` of a directory with an OCI layout. */
export async function isLayout(name: string): Promise<boolean> {
  const located = await locate(splitDigest(name).path).catch(() => undefined)
  return located?.kind === 'directory' && (await isThere(join(located.path, 'index.json')))
}

/** Opens an image in an OCI layout directory by `path[:tag]` or `path@digest`. Throws `Failure`. */
export async function open(name: string, options: OpenOptions): Promise<OpenedTarget> {
  const named = splitDigest(name)
  const { path, kind, choice } = await locate(named.path)
  if (kind === 'file' || !(await isThere(join(path, 'index.json')))) {
    const hint = kind === 'file' ? `If it is an archive, name it as oci-archive:${path}` : undefined
    throw new Failure('image/not-an-image', `${path} is no OCI layout: it has no index.json`, { hint })
  }
  const store = directoryStore(path)
  try {
    const request = { scheme: 'oci', name, choice: named.digest ?? choice, platform: options.platform }
    return openImage(await openOciLayout(store, request), options)
  } catch (error) {
    await store.close()
    throw error
  }
}

function splitDigest(name: string): { readonly path: string; readonly digest?: string } {
  const digest = /^(.+)@(sha(?:256|512):[0-9a-f]+)$/.exec(name)
  return digest?.[1] === undefined ? { path: name } : { path: digest[1], digest: digest[2] }
}

import { lstat, stat } from 'node:fs/promises'
import { Failure } from '#lib/failure.ts'

/** A path as it was named, and what may follow it. */
export interface Located {
  readonly path: string
  readonly kind: 'file' | 'directory'
  /** What follows the path and a colon: a tag, a digest, an id. */
  readonly choice?: string
}

/**
 * Splits `path[:choice]` where the file system says so: a path may hold colons, and so may a choice. The longest
 * path that exists is meant. Throws `Failure` where none does.
 */
export async function locate(name: string): Promise<Located> {
  for (let end = name.length; end > 0; end = name.lastIndexOf(':', end - 1)) {
    const path = name.slice(0, end)
    const kind = await kindOf(path)
    if (kind === undefined) continue
    return end === name.length ? { path, kind } : { path, kind, choice: name.slice(end + 1) }
  }
  throw new Failure('image/not-found', `There is no file or directory ${name}`)
}

/** What a path leads to, through symbolic links; undefined for nothing, sockets, devices and named pipes. */
export async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return 'directory'
  return found?.isFile() ? 'file' : undefined
}

/** True where there is a file, directory or link of that name. */
export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}

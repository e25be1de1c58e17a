import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { decodeFileName } from '#lib/file-name.ts'

/** What `lstat` says of a file. */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  readonly size: number
  readonly mode: number
  /** Device and inode: the same file has the same pair. */
  readonly device: number
  readonly inode: number
}

/** What a directory says of a file in it. */
export interface ListedFile {
  readonly name: Buffer
  readonly kind: FileStatus['kind']
}

/** Files in a directory, in the order of the bytes of their names. Throws the system's error. */
export function listDirectory(path: Buffer): readonly ListedFile[] {
  const found = readdirSync(path, { encoding: 'buffer', withFileTypes: true })
  return found.map(item => ({ name: item.name, kind: kindOf(item) })).sort((a, b) => Buffer.compare(a.name, b.name))
}

/** A file's status; symbolic links are not followed. Throws the system's error. */
export function statusOf(path: Buffer): FileStatus {
  const stat = lstatSync(path)
  return { kind: kindOf(stat), size: stat.size, mode: stat.mode & 0o7777, device: stat.dev, inode: stat.ino }
}

function kindOf(item: {
  readonly isFile: () => boolean
  readonly isDirectory: () => boolean
  readonly isSymbolicLink: () => boolean
}): FileStatus['kind'] {
  return item.isFile() ? 'file' : item.isDirectory() ? 'directory' : item.isSymbolicLink() ? 'symlink' : 'other'
}

/** The path without symbolic links. Throws the system's error where there is nothing. */
export function realPath(path: Buffer): Buffer {
  return realpathSync.native(path, { encoding: 'buffer' })
}

/** Where a symbolic link leads, as written. Throws the system's error. */
export function linkText(path: Buffer): string {
  return decodeFileName(readlinkSync(path, { encoding: 'buffer' }))
}

/**
 * Opens the very file that `status` describes: not what a symbolic link leads to, not what has taken its place since.
 * Undefined where it is another one. Throws the system's error.
 */
export function openSame(
  path: Buffer,
  status: FileStatus,
): { fd: number; size: number; close: () => void } | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stat = fstatSync(fd)
  if (stat.isFile() && stat.dev === status.device && stat.ino === status.inode) {
    return { fd, size: stat.size, close: () => closeSync(fd) }
  }
  closeSync(fd)
  return undefined
}

import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
} from 'node:fs'
import { decodeFileName } from '#lib/file-name.ts'

/** A path or a name of the system: text where its bytes are UTF-8, which is several times cheaper, else the bytes. */
export type SystemPath = string | Buffer

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
  readonly name: SystemPath
  readonly isFile: () => boolean
  readonly isDirectory: () => boolean
  readonly isSymbolicLink: () => boolean
}

/**
 * U+FFFD, which stands for every byte that is not UTF-8 and for itself, and all text that UTF-16 orders otherwise than
 * its bytes.
 */
const unusual = /[\ud800-\uffff]/

/** Files in a directory, in no order: all their names are text, or all are bytes. Throws the system's error. */
export function listDirectory(path: SystemPath): readonly ListedFile[] {
  const found = listText(path)
  if (found?.some(({ name }) => unusual.test(name)) === false) return found
  return readdirSync(path, { encoding: 'buffer', withFileTypes: true })
}

/** Files of one listing in the order of the bytes of their names. */
export function byName(listed: readonly ListedFile[]): readonly ListedFile[] {
  return listed.toSorted(({ name: a }, { name: b }) => {
    if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  })
}

/** Undefined for any error: where directories do not tell what a file is, a name that is no text is looked for in vain. */
function listText(path: SystemPath): Dirent[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return undefined
  }
}

const slash = Buffer.from('/')

/** The path of a file in a directory. */
export function pathIn(directory: SystemPath, name: SystemPath): SystemPath {
  if (typeof directory !== 'string' || typeof name !== 'string')
    return Buffer.concat([Buffer.from(directory), slash, Buffer.from(name)])
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`
}

/** A name as text; bytes that are not UTF-8 stay recognizable. */
export function textOf(name: SystemPath): string {
  return typeof name === 'string' ? name : decodeFileName(name)
}

/** A file's status; symbolic links are not followed. Throws the system's error. */
export function statusOf(path: SystemPath): FileStatus {
  const stat = lstatSync(path)
  return { kind: kindOf(stat), size: stat.size, mode: stat.mode & 0o7777, device: stat.dev, inode: stat.ino }
}

/** What a listed or looked-at file is. */
export function kindOf(item: Omit<ListedFile, 'name'>): FileStatus['kind'] {
  return item.isFile() ? 'file' : item.isDirectory() ? 'directory' : item.isSymbolicLink() ? 'symlink' : 'other'
}

/** The path without symbolic links. Throws the system's error where there is nothing. */
export function realPath(path: SystemPath): SystemPath {
  const bytes = realpathSync.native(path, { encoding: 'buffer' })
  const text = bytes.toString()
  return unusual.test(text) ? bytes : text
}

/** Where a symbolic link leads, as written. Throws the system's error. */
export function linkText(path: SystemPath): string {
  return decodeFileName(readlinkSync(path, { encoding: 'buffer' }))
}

/**
 * Opens the very file that `status` describes: not what a symbolic link leads to, not what has taken its place since.
 * Undefined where it is another one. Throws the system's error.
 */
export function openSame(
  path: SystemPath,
  status: Pick<FileStatus, 'device' | 'inode'>,
): { fd: number; size: number; close: () => void } | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stat = fstatSync(fd)
  if (stat.isFile() && stat.dev === status.device && stat.ino === status.inode) {
    return { fd, size: stat.size, close: () => closeSync(fd) }
  }
  closeSync(fd)
  return undefined
}

import { type FileStatus, kindOf, type ListedFile, pathIn, type SystemPath, textOf } from '#io/directory.ts'
import type { TreeEntry } from './types.ts'

/** A directory that is walked, or going to be. */
export interface Folder {
  readonly full: SystemPath
  /** What the paths of all in it begin with: empty, or the directory's path and a slash. */
  readonly prefix: string
  readonly depth: number
  readonly parent?: Folder
  /** It was a directory after it had been listed, and so was each that it is in. */
  isSame?: boolean
}

/** What the system says of a file; undefined where it refuses, which has been reported then. */
export type Look = (full: SystemPath, path: string) => FileStatus | undefined

/** A file that a directory lists: most are of no interest, whatever their size and mode. */
export class ListedEntry implements TreeEntry {
  readonly isLazy = true
  readonly path: string
  readonly kind: FileStatus['kind']
  readonly #look: Look
  readonly #folder: Folder
  readonly #name: SystemPath
  #status: FileStatus | undefined

  constructor(look: Look, folder: Folder, item: ListedFile) {
    this.#look = look
    this.#folder = folder
    this.#name = item.name
    this.path = folder.prefix + textOf(item.name)
    this.kind = kindOf(item)
  }

  get full(): SystemPath {
    return pathIn(this.#folder.full, this.#name)
  }

  get size(): number {
    return this.kind === 'file' ? this.status.size : 0
  }

  get mode(): number {
    return this.status.mode
  }

  /** What cannot be looked at has been reported, and is like nothing. */
  get status(): FileStatus {
    this.#status ??= this.#look(this.full, this.path) ?? nothing
    return this.#status
  }
}

const nothing: FileStatus = { kind: 'other', size: 0, mode: 0, device: -1, inode: -1 }

import { setImmediate } from 'node:timers/promises'
import {
  byName,
  type FileStatus,
  type ListedFile,
  linkText,
  listDirectory,
  openSame,
  realPath,
  type SystemPath,
  statusOf,
  textOf,
} from '#io/directory.ts'
import { baseName } from '#lib/text.ts'
import { type Limits, limitDetail, limitsWith } from '#model/limits.ts'
import type { Problem, ProblemCode } from '#model/problem.ts'
import { openBudget } from './budget.ts'
import { fileBytes, placedBody, walkedFile } from './layer-body.ts'
import { type Folder, ListedEntry } from './tree-layer-entry.ts'
import type { LayerEnd, LayerSource, LayerVisitor, OpenOptions, TreeEntry } from './types.ts'

/** What is passed over in a tree. */
export interface TreeRules {
  /** True for a directory that is shown, but not entered. To ask for its status costs. */
  readonly isClosed: (path: string, status: () => FileStatus, root: FileStatus) => boolean
}

/** Directories in one another deeper than this are a problem: no path of the system is that long. */
const maxDepth = 2048

/** So many entries between two chances for other work. */
const turnEntries = 2000

const maxProblems = 1000

/**
 * A directory of this machine as the only layer of a target. Symbolic links are shown and never followed; sockets,
 * devices and named pipes are shown as `other` and never opened; order is by the bytes of names, a directory before
 * what is in it. What may not be read is a problem. A single file is a tree with that file in it.
 */
export function openTree(
  root: string,
  rules: TreeRules,
  options: Pick<OpenOptions, 'progress' | 'limits'>,
): LayerSource {
  const walk = async (visitor: LayerVisitor, signal?: AbortSignal): Promise<LayerEnd> => {
    const limits = limitsWith(options.limits ?? {})
    const budget = openBudget(limits)
    const told = { id: root, label: 'files' }
    const turn = async (done: number) => {
      options.progress?.({ ...told, done })
      await setImmediate()
      signal?.throwIfAborted()
      return budget.take(0, 0)
    }
    const pass = new TreePass({ visitor, rules, limits, turn })
    const done = await pass.run(root)
    options.progress?.({ ...told, done, total: done })
    return { problems: pass.problems }
  }
  return { walk }
}

/** What a walk over a tree is done with. */
interface PassRequest {
  readonly visitor: LayerVisitor
  readonly rules: TreeRules
  readonly limits: Limits
  /** A chance for other work; tells what is exceeded, if anything. Throws where the walk is to be given up. */
  readonly turn: (done: number) => Promise<string | undefined>
}

function pathOf({ prefix }: Folder): string {
  return prefix.slice(0, -1)
}

/** One walk over one tree. */
class TreePass {
  readonly problems: Problem[] = []
  readonly #visitor: LayerVisitor
  readonly #rules: TreeRules
  readonly #limits: Limits
  readonly #turn: PassRequest['turn']
  #entries = 0
  #nextTurn = turnEntries
  #isOver = false

  constructor({ visitor, rules, limits, turn }: PassRequest) {
    this.#visitor = visitor
    this.#rules = rules
    this.#limits = limits
    this.#turn = turn
  }

  /** Walks; gives the number of entries. */
  async run(root: string): Promise<number> {
    // The root itself may be named through a link.
    const full = this.#try('', () => realPath(root))
    if (full === undefined) return 0
    const status = this.#look(full, '')
    if (status === undefined) return 0
    if (status.kind === 'directory') {
      await this.#enter({ full, prefix: '', depth: 0, isSame: true }, status)
      return this.#entries
    }
    const { kind, size, mode } = status
    const entry: TreeEntry = { path: baseName(root), kind, size: kind === 'file' ? size : 0, mode }
    // One of many files may be of no interest; the only one may not be called clean for that.
    if (!this.#show(entry, full, status))
      this.#report('unsupported', 'No packages are known to lie in such a file', entry.path)
    return 1
  }

  /** What the system says of a file; a problem and nothing where it refuses. */
  readonly #look = (full: SystemPath, path: string): FileStatus | undefined => this.#try(path, () => statusOf(full))

  async #enter(folder: Folder, root: FileStatus): Promise<void> {
    for (const item of this.#try(pathOf(folder), () => this.#list(folder)) ?? []) {
      if (this.#isOver) return
      if (this.#entries >= this.#limits['layer-entries']) return this.#end(folder)
      if (++this.#entries >= this.#nextTurn) await this.#rest()
      const entry = new ListedEntry(this.#look, folder, item)
      if (entry.kind !== 'directory') {
        this.#showListed(entry, folder)
        continue
      }
      this.#visitor.entry(entry)
      const { path } = entry
      if (this.#try(path, () => this.#rules.isClosed(path, () => statusOf(entry.full), root)) !== false) continue
      const inner = { full: entry.full, prefix: `${path}/`, depth: folder.depth + 1, parent: folder }
      if (inner.depth <= maxDepth) await this.#enter(inner, root)
      else this.#report('limit', `Directories are nested deeper than ${maxDepth}`, path)
    }
  }

  /** What has to be shown of a directory, in order: sorting is not for files that the visitor passes over. */
  #list(folder: Folder): readonly ListedFile[] {
    const found = listDirectory(folder.full)
    const { passesOver } = this.#visitor
    // At the limit it matters which come first.
    if (passesOver === undefined || this.#entries + found.length > this.#limits['layer-entries']) return byName(found)
    const shown = found.filter(item => !item.isFile() || !passesOver(folder.prefix, textOf(item.name)))
    this.#entries += found.length - shown.length
    return byName(shown)
  }

  #showListed(entry: ListedEntry, folder: Folder): void {
    const { kind, path } = entry
    if (kind === 'symlink') {
      const target = this.#try(path, () => linkText(entry.full))
      if (target !== undefined) this.#visitor.entry({ path, kind, size: 0, mode: 0o777, target })
    } else if (this.#visitor.entry(entry) && kind === 'file' && this.#isSame(folder)) {
      this.#read(entry, entry.full, entry.status)
    }
  }

  /** Shows the only entry; true where its body was wanted. */
  #show(entry: TreeEntry, full: SystemPath, status: FileStatus): boolean {
    const isWanted = this.#visitor.entry(entry) && entry.kind === 'file'
    if (isWanted) this.#read(entry, full, status)
    return isWanted
  }

  /** False, and a problem, where a link or another thing has taken the place of a directory since it was listed. */
  #isSame(folder: Folder): boolean {
    if (folder.isSame !== undefined) return folder.isSame
    const path = pathOf(folder)
    folder.isSame = this.#isSame(folder.parent!) && this.#look(folder.full, path)?.kind === 'directory'
    if (!folder.isSame) this.#report('unreadable', 'The directory was replaced while it was read', path)
    return folder.isSame
  }

  #read(entry: TreeEntry, full: SystemPath, status: FileStatus): void {
    const file = this.#try(entry.path, () => openSame(full, status))
    if (file === undefined) return
    try {
      // It may have grown or shrunk since it was listed: what is open counts.
      const current: TreeEntry = { path: entry.path, kind: entry.kind, size: file.size, mode: entry.mode }
      if (file.size > this.#limits['file-bytes']) {
        this.#report('limit', limitDetail('The file is too large', 'file-bytes', this.#limits), entry.path)
      } else {
        const documentBytes = this.#limits['document-bytes']
        this.#visitor.file(
          current,
          walkedFile(current, placedBody(fileBytes(file.fd), 0, file.size), { documentBytes }),
        )
      }
    } finally {
      file.close()
    }
  }

  /** Lets others work; the walk is over where it has used up what it may. */
  async #rest(): Promise<void> {
    this.#nextTurn = this.#entries + turnEntries
    const excess = await this.#turn(this.#entries)
    if (excess === undefined) return
    this.problems.push({ code: 'limit', detail: excess })
    this.#isOver = true
  }

  #end(folder: Folder): void {
    this.#isOver = true
    this.#report('limit', limitDetail('There are too many files', 'layer-entries', this.#limits), pathOf(folder))
  }

  /** The value, or a problem and nothing where the system refuses. */
  #try<T>(path: string, get: () => T): T | undefined {
    try {
      return get()
    } catch (error) {
      this.#reportError(error, path)
      return undefined
    }
  }

  #reportError(error: unknown, path: string): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    this.#report('unreadable', `The file cannot be read (${code})`, path)
  }

  #report(code: ProblemCode, detail: string, path: string): void {
    if (this.problems.length < maxProblems) this.problems.push({ code, detail, location: { path } })
    else if (this.problems.length === maxProblems) {
      this.problems.push({ code: 'limit', detail: `More than ${maxProblems} files could not be read` })
    }
  }
}

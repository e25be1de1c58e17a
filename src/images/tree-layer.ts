import { setImmediate } from 'node:timers/promises'
import { type FileStatus, linkText, listDirectory, openSame, realPath, statusOf } from '#io/directory.ts'
import { decodeFileName } from '#lib/file-name.ts'
import { type Limits, limitDetail, limitsWith } from '#model/limits.ts'
import type { Problem, ProblemCode } from '#model/problem.ts'
import { openBudget } from './budget.ts'
import { fileBytes, placedBody, walkedFile } from './layer-body.ts'
import type { LayerEnd, LayerSource, LayerVisitor, OpenOptions, TreeEntry } from './types.ts'

/** What is passed over in a tree. */
export interface TreeRules {
  /** True for a directory that is shown, but not entered. */
  readonly isClosed: (path: string, status: FileStatus, root: FileStatus) => boolean
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
    const pass = new TreePass(visitor, rules, limits)
    const steps = pass.steps(Buffer.from(root))
    let count = 0
    for (const _ of steps) {
      if (++count % turnEntries !== 0) continue
      options.progress?.({ id: root, label: 'files', done: count })
      await setImmediate()
      signal?.throwIfAborted()
      const excess = budget.take(0, 0)
      if (excess === undefined) continue
      pass.problems.push({ code: 'limit', detail: excess })
      break
    }
    options.progress?.({ id: root, label: 'files', done: count, total: count })
    return { problems: pass.problems }
  }
  return { walk }
}

/** One walk over one tree. */
class TreePass {
  readonly problems: Problem[] = []
  readonly #visitor: LayerVisitor
  readonly #rules: TreeRules
  readonly #limits: Limits
  #entries = 0

  constructor(visitor: LayerVisitor, rules: TreeRules, limits: Limits) {
    this.#visitor = visitor
    this.#rules = rules
    this.#limits = limits
  }

  /** Walks; every step is one entry. */
  *steps(root: Buffer): Generator<void> {
    // The root itself may be named through a link.
    const real = this.#try('', () => realPath(root))
    const status = real && this.#try('', () => statusOf(real))
    if (real === undefined || status === undefined) return
    if (status.kind === 'directory') yield* this.#enter(real, '', status, 0)
    else {
      const path = decodeFileName(root.subarray(root.lastIndexOf(0x2f) + 1))
      // One of many files may be of no interest; the only one may not be called clean for that.
      if (!this.#show(real, path, status))
        this.#report('unsupported', 'No packages are known to lie in such a file', path)
      yield
    }
  }

  *#enter(directory: Buffer, path: string, root: FileStatus, depth: number): Generator<void> {
    const listed = this.#try(path, () => listDirectory(directory))
    const start = withSlash(directory)
    for (const { name, kind } of listed ?? []) {
      const most = this.#limits['layer-entries']
      if (this.#entries >= most) {
        if (this.#entries++ === most) {
          this.#report('limit', limitDetail('There are too many files', 'layer-entries', this.#limits), path)
        }
        return
      }
      const full = Buffer.concat([start, name])
      const text = decodeFileName(name)
      const inner = path === '' ? text : `${path}/${text}`
      if (kind === 'file') {
        this.#show(full, inner, new LazyStatus(() => this.#try(inner, () => statusOf(full))))
        yield
        continue
      }
      const status = this.#try(inner, () => statusOf(full))
      if (status === undefined) continue
      this.#show(full, inner, status)
      yield
      if (status.kind !== 'directory' || this.#rules.isClosed(inner, status, root)) continue
      if (depth < maxDepth) yield* this.#enter(full, inner, root, depth + 1)
      else this.#report('limit', `Directories are nested deeper than ${maxDepth}`, inner)
    }
  }

  /** Shows an entry; true where its body was wanted. */
  #show(full: Buffer, path: string, status: FileStatus): boolean {
    this.#entries++
    const { kind } = status
    if (status instanceof LazyStatus) return this.#showFile(full, new LazyEntry(path, status), status)
    const entry: TreeEntry = { path, kind, size: kind === 'file' ? status.size : 0, mode: status.mode }
    if (kind === 'symlink') {
      const target = this.#try(path, () => linkText(full))
      if (target !== undefined) this.#visitor.entry({ ...entry, target })
      return false
    }
    return this.#showFile(full, entry, status)
  }

  #showFile(full: Buffer, entry: TreeEntry, status: FileStatus): boolean {
    const isWanted = this.#visitor.entry(entry) && entry.kind === 'file'
    if (isWanted) this.#read(full, entry, status)
    return isWanted
  }

  #read(full: Buffer, entry: TreeEntry, status: FileStatus): void {
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

  /** The value, or a problem and nothing where the system refuses. */
  #try<T>(path: string, get: () => T): T | undefined {
    try {
      return get()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      this.#report('unreadable', `The file cannot be read (${code})`, path)
      return undefined
    }
  }

  #report(code: ProblemCode, detail: string, path: string): void {
    if (this.problems.length < maxProblems) this.problems.push({ code, detail, location: { path } })
    else if (this.problems.length === maxProblems) {
      this.problems.push({ code: 'limit', detail: `More than ${maxProblems} files could not be read` })
    }
  }
}

/** The status of a file that a directory lists: most files are of no interest, whatever it is. */
class LazyStatus implements FileStatus {
  readonly kind = 'file'
  readonly #look: () => FileStatus | undefined
  #seen: FileStatus | undefined

  constructor(look: () => FileStatus | undefined) {
    this.#look = look
  }

  get size(): number {
    return this.#status.size
  }

  get mode(): number {
    return this.#status.mode
  }

  get device(): number {
    return this.#status.device
  }

  get inode(): number {
    return this.#status.inode
  }

  /** What cannot be looked at has been reported, and is like nothing. */
  get #status(): FileStatus {
    this.#seen ??= this.#look() ?? { kind: 'other', size: 0, mode: 0, device: -1, inode: -1 }
    return this.#seen
  }
}

class LazyEntry implements TreeEntry {
  readonly kind = 'file'
  readonly isLazy = true
  readonly path: string
  readonly #status: FileStatus

  constructor(path: string, status: FileStatus) {
    this.path = path
    this.#status = status
  }

  get size(): number {
    return this.#status.size
  }

  get mode(): number {
    return this.#status.mode
  }
}

function withSlash(path: Buffer): Buffer {
  return path.at(-1) === 0x2f ? path : Buffer.concat([path, Buffer.from('/')])
}

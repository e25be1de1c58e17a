import { directoryName } from '#lib/text.ts'

/** Symbolic links are followed this often, as Linux does, before a path counts as leading nowhere. */
const maxLinks = 40

/** No system opens a longer path (`PATH_MAX` of Linux). */
const maxPath = 4096

/** The target of a symbolic link; undefined where there is none at that path. */
export type LinkAt = (path: string) => string | undefined

/**
 * Walks a path component by component, replacing links by their targets; never leaves the root. Undefined where it goes
 * in circles.
 */
export function follow(path: string, target: LinkAt): string | undefined {
  const rest = path.split('/')
  const done: string[] = []
  let budget = maxLinks
  while (rest.length > 0) {
    const part = rest.shift()!
    if (part === '' || part === '.') continue
    if (part === '..') {
      done.pop()
      continue
    }
    done.push(part)
    const link = target(done.join('/'))
    if (link === undefined) continue
    if (budget-- === 0) return undefined
    done.pop()
    if (link.startsWith('/')) done.length = 0
    rest.unshift(...link.split('/'))
  }
  return done.join('/')
}

/** The last two characters in a number: tells most paths from those of another last part, and makes no string. */
export function ending(path: string): number {
  const before = path.length > 1 ? path.charCodeAt(path.length - 2) : 0x2f
  return path.charCodeAt(path.length - 1) * 65_536 + before
}

/** True for paths that a system can open and that name each of their directories. */
function isPlain(path: string): boolean {
  return path.length <= maxPath && !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path)
}

/** Tells which paths lead through no symbolic link: most do not, and share their directories. */
export class StraightPaths {
  readonly #isLink: (path: string) => boolean
  readonly #known = new Map<string, boolean>([['', true]])

  constructor(isLink: (path: string) => boolean) {
    this.#isLink = isLink
  }

  /** True for a path of which neither the end nor any directory is a link; false also for paths that are not plain. */
  has(path: string): boolean {
    return isPlain(path) && this.#knows(directoryName(path)) && !this.#isLink(path)
  }

  #knows(directory: string): boolean {
    const known = this.#known.get(directory)
    if (known !== undefined) return known
    const isStraight = this.#knows(directoryName(directory)) && !this.#isLink(directory)
    this.#known.set(directory, isStraight)
    return isStraight
  }
}

/** Tells where names land whose directories lead through symbolic links; each directory is looked up once. */
export class Placing {
  readonly #link: LinkAt
  readonly #directories = new Map<string, string>([['', '']])
  /** Layers name what is in one directory in a row. */
  #last = ''
  #placedLast = ''

  constructor(link: LinkAt) {
    this.#link = link
  }

  /** Where the directories landed that were asked about so far. */
  get directories(): Iterable<string> {
    return this.#directories.values()
  }

  place(path: string): string {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return path
    if (slash !== this.#last.length || !path.startsWith(this.#last)) {
      const directory = path.slice(0, slash)
      this.#placedLast = this.#directory(directory)
      this.#last = directory
    }
    if (this.#placedLast === this.#last) return path
    return this.#placedLast === '' ? path.slice(slash + 1) : `${this.#placedLast}${path.slice(slash)}`
  }

  #directory(directory: string): string {
    const known = this.#directories.get(directory)
    if (known !== undefined) return known
    const placed = this.#isStraight(directory) ? directory : (follow(directory, this.#link) ?? directory)
    this.#directories.set(directory, placed)
    return placed
  }

  #isStraight(directory: string): boolean {
    if (!isPlain(directory) || this.#link(directory) !== undefined) return false
    const parent = directoryName(directory)
    return this.#directory(parent) === parent
  }
}

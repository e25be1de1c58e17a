import type { Cataloger, Ecosystem, FileInfo, TreeMode } from '#ecosystems/types.ts'
import type { TreeEntry, WalkedFile } from '#images/types.ts'
import { LimitError } from '#lib/limit-error.ts'
import { decodeText } from '#lib/text.ts'
import { distroFiles } from '#model/distro.ts'
import type { Limits } from '#model/limits.ts'
import type { Problem } from '#model/problem.ts'
import { contentDigests } from './content-digests.ts'
import type { LayerFacts, ReadFile } from './layer-facts.ts'
import { isUseless, isWantedBy, NameMemo } from './name-memo.ts'
import { PackageTally } from './package-tally.ts'
import type { Ports } from './ports.ts'

/** An ecosystem with its reader loaded. */
export interface Reader {
  readonly ecosystem: Ecosystem
  readonly cataloger: Cataloger
}

/** Who reads a layer, and how far. */
export interface Manner {
  readonly readers: readonly Reader[]
  readonly mode: TreeMode
  readonly limits: Limits
  /** Shared by the layers of one target; default: the layer's own. */
  readonly tally?: PackageTally
  readonly names?: NameMemo<Reader>
}

/** Identification files larger than this are not identification files. */
const maxTextBytes = 64 * 1024

/** What is known of one path besides that it is there; most paths have nothing of it. */
interface Known {
  /** What was read from it. */
  readonly files: ReadFile[]
  /** The target of a symbolic link. */
  readonly symlink?: string
  readonly hardlink?: { readonly target: string; readonly mode: number }
}

/** Collects what one layer holds while it is walked. */
export class LayerSheet {
  readonly problems: Problem[] = []
  readonly #readers: readonly Reader[]
  readonly #mode: TreeMode
  readonly #limits: Limits
  readonly #hash: Ports['hash']
  /** By path: where a layer names a path twice, the later entry is the file. One map, since each entry asks it. */
  readonly #known = new Map<string, Known>()
  readonly #texts: (readonly [string, string])[] = []
  readonly #paths: string[] = []
  readonly #directories: string[] = []
  readonly #whiteouts: string[] = []
  readonly #opaques: string[] = []
  /** Of every regular file: where its path is in `#paths`, its size and its mode; plain numbers, since files are many. */
  readonly #regular: number[] = []
  readonly #mayProve: (path: string) => boolean
  readonly #names: NameMemo<Reader>
  readonly #tally: PackageTally
  readonly #refusals = new Set<string>()
  #passedOver = 0

  constructor(manner: Manner, hash: Ports['hash']) {
    const { readers, mode, limits, tally = new PackageTally(limits), names = new NameMemo(readers) } = manner
    this.#readers = readers
    this.#mode = mode
    this.#limits = limits
    this.#tally = tally
    this.#hash = hash
    this.#names = names
    this.#mayProve = path => {
      const { askers } = names.useAt(path)
      // Size and mode are not known of a path in a file list: as large and executable as anything may be.
      return askers.length > 0 && isWantedBy(askers, { path, size: 1 << 20, mode: 0o755 }, mode, 'language')
    }
  }

  /** True for a file that nobody wants whatever it is; it is counted. */
  passesOver(directory: string, name: string): boolean {
    if (!isUseless(this.#names.useIn(directory, name))) return false
    this.#passedOver++
    return true
  }

  enter(entry: TreeEntry): boolean {
    switch (entry.kind) {
      // Both speak of lower layers only, wherever in this one they stand.
      case 'whiteout':
        this.#whiteouts.push(entry.path)
        return false
      case 'opaque':
        this.#opaques.push(entry.path)
        return false
    }
    // A directory of this machine has no path twice.
    if (entry.isLazy !== true) this.#known.delete(entry.path)
    switch (entry.kind) {
      case 'directory':
        this.#directories.push(entry.path)
        return false
      case 'symlink':
        this.#known.set(entry.path, { files: [], symlink: entry.target ?? '' })
        this.#paths.push(entry.path)
        return false
      case 'hardlink':
        this.#known.set(entry.path, { files: [], hardlink: { target: entry.target ?? '', mode: entry.mode } })
        this.#paths.push(entry.path)
        return false
      case 'other':
        this.#paths.push(entry.path)
        return false
      case 'file':
        if (entry.isLazy) this.#paths.push(entry.path)
        else this.#regular.push(this.#paths.push(entry.path) - 1, entry.size, entry.mode)
        return this.#isWanted(entry)
    }
  }

  #isWanted(entry: TreeEntry): boolean {
    const { askers, mayIdentify } = this.#names.useAt(entry.path)
    return isWantedBy(askers, entry, this.#mode) || (mayIdentify && this.#wantsText(entry.path))
  }

  read(path: string, file: WalkedFile): void {
    if (this.#wantsText(path)) this.readText(path, file)
    const info = { path, size: file.size, mode: file.mode }
    const readers = this.#names.useAt(path).askers.filter(({ ecosystem }) => ecosystem.wants(info, this.#mode))
    this.readWith(readers, path, file)
  }

  readText(path: string, file: WalkedFile): void {
    if (file.size <= maxTextBytes) this.#texts.push([path, decodeText(file.bytes(maxTextBytes))])
  }

  readWith(readers: readonly Reader[], path: string, file: WalkedFile): void {
    for (const { ecosystem, cataloger } of readers) {
      try {
        if (this.#isRefused(path, this.#tally.refusalUnread(file.size))) continue
        const read = cataloger.read(file, { mayProve: this.#mayProve, limits: this.#limits })
        if (read === undefined) continue
        const { facts, packages = 1 } = read
        if (this.#isRefused(path, this.#tally.refusal(packages))) continue
        const digests = ecosystem.kind === 'language' ? { digests: contentDigests(file, this.#hash) } : {}
        this.#add({ ecosystem: ecosystem.id, path, facts, ...(packages !== 1 && { packages }), ...digests })
        for (const { code, detail, line } of read.problems ?? []) {
          this.problems.push({ code, detail, location: { path, ...(line !== undefined && { line }) } })
        }
      } catch (error) {
        const code = error instanceof LimitError ? 'limit' : 'unreadable'
        const why = error instanceof Error ? error.message : String(error)
        this.problems.push({ code, detail: `${ecosystem.title}: ${why}`, location: { path } })
      }
    }
  }

  /** Each reason is a problem of the first file alone: those of a layer that are left out may be very many. */
  #isRefused(path: string, detail: string | undefined): boolean {
    if (detail === undefined) return false
    if (!this.#refusals.has(detail)) this.problems.push({ code: 'limit', detail, location: { path } })
    this.#refusals.add(detail)
    return true
  }

  /** Names of hard links that are still to be read, by the file that they lead to. */
  unreadLinks(): ReadonlyMap<string, readonly string[]> {
    const links = new Map<string, string[]>()
    const hardlinks = [...this.#known].filter(([, { hardlink }]) => hardlink !== undefined)
    const ends = new Map(hardlinks.map(([path]) => [path, this.#endOf(path)]))
    const known = this.#statusOf(new Set(ends.values()))
    for (const [path, { hardlink }] of hardlinks) {
      const target = ends.get(path)!
      const { size, mode: bits } = known.get(target) ?? { size: 1 << 20, mode: hardlink!.mode }
      const wanted = this.#readers.some(
        ({ ecosystem }) =>
          ecosystem.wants({ path, size, mode: bits }, this.#mode) &&
          !(known.has(target) && this.#isOfNoInterest(ecosystem, { path: target, size, mode: bits })),
      )
      if (wanted || this.#wantsText(path)) links.set(target, [...(links.get(target) ?? []), path])
    }
    return links
  }

  /** Size and mode of those regular files that are asked for. */
  #statusOf(asked: ReadonlySet<string>): ReadonlyMap<string, { readonly size: number; readonly mode: number }> {
    const known = new Map<string, { readonly size: number; readonly mode: number }>()
    if (asked.size === 0) return known
    for (let at = 0; at < this.#regular.length; at += 3) {
      const path = this.#paths[this.#regular[at]!]!
      if (asked.has(path)) known.set(path, { size: this.#regular[at + 1]!, mode: this.#regular[at + 2]! })
    }
    return known
  }

  /** A hard link may lead to another one: both are names of one file. */
  #endOf(path: string): string {
    const seen = new Set<string>()
    let end = path
    for (;;) {
      const link = this.#known.get(end)?.hardlink
      if (link === undefined || seen.has(end)) return end
      seen.add(end)
      end = link.target
    }
  }

  /** True where the ecosystem has looked at the file under this name, and found nothing in it. */
  #isOfNoInterest({ id, wants }: Ecosystem, file: FileInfo): boolean {
    return (
      wants(file, this.#mode) && !(this.#known.get(file.path)?.files ?? []).some(({ ecosystem }) => ecosystem === id)
    )
  }

  facts(): LayerFacts {
    const known = [...this.#known]
    return {
      files: known.flatMap(([, { files }]) => files),
      texts: this.#texts,
      problems: this.problems,
      tree: {
        paths: this.#paths,
        directories: this.#directories,
        symlinks: known.flatMap(([path, { symlink }]) => (symlink === undefined ? [] : [[path, symlink] as const])),
        whiteouts: this.#whiteouts,
        opaques: this.#opaques,
        ...(this.#passedOver > 0 && { passedOver: this.#passedOver }),
      },
    }
  }

  #add(file: ReadFile): void {
    const known = this.#known.get(file.path)
    if (known === undefined) this.#known.set(file.path, { files: [file] })
    else known.files.push(file)
  }

  #wantsText(path: string): boolean {
    return distroFiles.includes(path)
  }
}

import { directoryName } from '#lib/text.ts'
import { Hiders } from './hiders.ts'
import type { LayerFacts } from './layer-facts.ts'
import { eachLanding, Placing } from './stack-paths.ts'

/** A symbolic link of one layer. */
interface LinkVersion {
  readonly layer: number
  readonly target: string
}

/** A link, or its absence, and the first layer from which on that need not be so any more. */
export interface SeenLink {
  readonly target: string | undefined
  readonly until: number
}

/**
 * The symbolic links of all layers, which decide where the names of a layer land: those in the layers below it that are
 * still there. Layers are added from the lowest.
 */
export class LinkHistory {
  readonly hiders = new Hiders()
  readonly #height: number
  readonly #links = new Map<string, LinkVersion[]>()
  /** Undefined for the lowest layer, whose names land where they say. */
  readonly #placings: (Placing | undefined)[] = []

  /** For so many layers. */
  constructor(height: number) {
    this.#height = height
  }

  /** Takes in a layer above those that it has, and tells where the files land that were read of it. */
  add(layer: LayerFacts): readonly string[] {
    const index = this.#placings.length
    const placing = index === 0 ? undefined : this.#placeUpper(layer, index)
    this.#placings.push(placing)
    const watched: string[] = []
    for (const [name, target] of layer.tree.symlinks) {
      const path = this.place(name, index)
      const versions = this.#links.get(path)
      if (versions === undefined) this.#links.set(path, [{ layer: index, target }])
      else versions.push({ layer: index, target })
      watched.push(path)
    }
    const files = layer.files.map(({ path }) => this.place(path, index))
    for (const [path] of layer.texts) watched.push(this.place(path, index))
    // What was looked up for all entries of the layer is rarely asked for again.
    placing?.forget()
    if (index < this.#height - 1) {
      for (const path of files) this.hiders.watch(path)
      for (const path of watched) this.hiders.watch(path)
    }
    return files
  }

  /** Where a directory of layer `index` lands. */
  directoryOf(directory: string, index: number): string {
    return this.#placings[index]?.directoryOf(directory) ?? directory
  }

  /** Where an entry of layer `index` lands: its directory is looked up through the links of the layers below. */
  place(path: string, index: number): string {
    return this.#placings[index]?.place(path) ?? path
  }

  /** The first layer above `from` that hides a link, read file or text of layer `from`; else the number of layers. */
  hiddenBy(path: string, from: number): number {
    return this.hiders.next(path, from) ?? this.#height
  }

  /** Where links of any layer are. */
  paths(): Iterable<string> {
    return this.#links.keys()
  }

  /** True where some layer has a link at that path, be it seen or not. */
  has(path: string): boolean {
    return this.#links.has(path)
  }

  /** The link at a path, as seen from layer `top`. */
  seen(path: string, top: number): SeenLink {
    const versions = this.#links.get(path)
    if (versions === undefined) return { target: undefined, until: this.#height }
    const at = versions.findLastIndex(({ layer }) => layer <= top)
    const next = versions[at + 1]?.layer ?? this.#height
    const version = versions[at]
    const hiddenBy = version === undefined ? 0 : this.hiddenBy(path, version.layer)
    return hiddenBy > top
      ? { target: version!.target, until: Math.min(next, hiddenBy) }
      : { target: undefined, until: next }
  }

  /** A lower link stands in for a directory unless a layer between took it away or put something in its place. */
  #below(path: string, index: number): string | undefined {
    const version = this.#links.get(path)?.findLast(({ layer }) => layer < index)
    return version !== undefined && this.hiddenBy(path, version.layer) >= index ? version.target : undefined
  }

  #placeUpper({ tree }: LayerFacts, index: number): Placing {
    const below = (path: string) => this.#below(path, index)
    const before = new Placing(below)
    const marks = new Marks({
      whiteouts: tree.whiteouts.map(name => before.place(name)),
      opaques: tree.opaques.map(name => before.place(name)),
      directories: () => tree.directories.map(name => before.place(name)),
    })
    const placing = new Placing(path => {
      const target = below(path)
      return target === undefined || marks.clears(path) ? undefined : target
    })
    const solid = [...marks.whiteouts]
    const directories = new Set<string>()
    const holding = new Set<string>()
    const landings = {
      directoryOf: (directory: string) => placing.directoryOf(directory),
      isKept: (directory: string) => {
        holding.add(directory)
        return this.hiders.watchesIn(directory)
      },
    }
    eachLanding(tree.paths, landings, path => solid.push(path))
    // What a layer names something in is a directory, be it named itself or not.
    eachLanding(tree.directories, landings, path => holding.add(path))
    for (const directory of holding)
      for (let path = directory; path !== '' && !directories.has(path); path = directoryName(path))
        directories.add(path)
    this.hiders.add(index, { solid, directories, opaques: marks.opaques })
    return placing
  }
}

/** What a layer says of the links below it: looked up in the tree as it was before the layer. */
class Marks {
  readonly whiteouts: ReadonlySet<string>
  readonly opaques: ReadonlySet<string>
  readonly #directories: () => readonly string[]
  /** Mostly nobody asks. */
  #placed: ReadonlySet<string> | undefined

  constructor(marks: {
    readonly whiteouts: readonly string[]
    readonly opaques: readonly string[]
    readonly directories: () => readonly string[]
  }) {
    this.whiteouts = new Set(marks.whiteouts)
    this.opaques = new Set(marks.opaques)
    this.#directories = marks.directories
  }

  /** True where a lower link of that path is removed, or a directory takes its place. */
  clears(path: string): boolean {
    this.#placed ??= new Set(this.#directories())
    if (this.#placed.has(path) || this.whiteouts.has(path)) return true
    if (this.whiteouts.size === 0 && this.opaques.size === 0) return false
    for (let part = path; part !== ''; ) {
      part = directoryName(part)
      if (this.whiteouts.has(part) || this.opaques.has(part)) return true
    }
    return false
  }
}

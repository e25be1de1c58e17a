import { directoryName } from '#lib/text.ts'
import { Hiders } from './hiders.ts'
import type { LayerFacts, ReadFile } from './layer-facts.ts'

/** Symbolic links are followed this often, as Linux does, before a path counts as leading nowhere. */
const maxLinks = 40

/** No system opens a longer path (`PATH_MAX` of Linux). */
const maxPath = 4096

/** A file of one layer, and how long it stays visible as layers are stacked on it. */
export interface StackedFile {
  /** Index of the layer that holds this version of the file. */
  readonly layer: number
  /** Path after the symbolic links of lower layers that lead to its directory. */
  readonly path: string
  /** Index of the first layer above that hides it; the number of layers where none does. */
  readonly hiddenBy: number
  readonly file: ReadFile
}

/** An entry of a layer, by its own name. */
export interface LayerEntry {
  readonly layer: number
  readonly name: string
}

/** All layers of a target stacked: which files are seen from the top of any of them. */
export interface Stack {
  readonly height: number
  readonly files: readonly StackedFile[]
  /** Follows a path through the symbolic links seen from layer `top`; undefined for loops and dangling ends above `/`. */
  readonly resolve: (path: string, top: number) => string | undefined
  /** Every entry that lands at that path (no directory), visible or not, by the name that its layer has for it. */
  readonly entriesAt: (path: string) => readonly LayerEntry[]
  /** Texts of the distribution's identification files, seen from the highest layer, symbolic links followed. */
  readonly texts: (paths: readonly string[]) => ReadonlyMap<string, string>
}

/**
 * Stacks layers by the rules of the OCI image specification
 * (https://github.com/opencontainers/image-spec/blob/main/layer.md): an upper entry replaces a lower one of its path
 * and, where it is no directory, everything below; whiteouts remove, opaque directories empty what lies below them.
 */
export function stackLayers(layers: readonly LayerFacts[]): Stack {
  const links = linkHistory(layers)
  const hiddenBy = (path: string, from: number): number => links.hiders.next(path, from) ?? layers.length
  const isStraight = straightness(layers.length, (path, top) => links.target(path, top, hiddenBy))
  const resolve = (path: string, top: number) =>
    isStraight(path, top) ? path : follow(path, link => links.target(link, top, hiddenBy))
  const files = layers.flatMap((layer, index) =>
    layer.files.map(file => {
      const path = links.place(file.path, index)
      return { layer: index, path, hiddenBy: hiddenBy(path, index), file }
    }),
  )
  const entriesAt = (path: string) =>
    layers.flatMap((layer, index) =>
      // What was passed over is not known by name: any place may be one of those.
      layer.tree.passedOver !== undefined
        ? [{ layer: index, name: path }]
        : links.entries[index]!.has(path)
        ? layer.tree.paths.filter(name => links.place(name, index) === path).map(name => ({ layer: index, name }))
        : [],
    )
  return {
    height: layers.length,
    files,
    resolve,
    entriesAt,
    texts: paths => visibleTexts({ layers, paths, place: links.place, resolve, hiddenBy }),
  }
}

function visibleTexts(view: {
  readonly layers: readonly LayerFacts[]
  readonly paths: readonly string[]
  readonly place: LinkHistory['place']
  readonly resolve: Stack['resolve']
  readonly hiddenBy: (path: string, from: number) => number
}): ReadonlyMap<string, string> {
  const seen = new Map<string, string>()
  view.layers.forEach((layer, index) => {
    for (const [name, text] of layer.texts) {
      const path = view.place(name, index)
      if (view.hiddenBy(path, index) === view.layers.length) seen.set(path, text)
    }
  })
  const texts = new Map<string, string>()
  for (const path of view.paths) {
    const end = view.resolve(path, view.layers.length - 1)
    const text = end === undefined ? undefined : seen.get(end)
    if (text !== undefined) texts.set(path, text)
  }
  return texts
}

/** Directories that a layer has: those it names, and those it only implies by naming something in them. */
function withParents(directories: readonly string[], entries: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set(directories)
  for (const names of [directories, entries]) {
    for (const name of names) {
      for (let path = directoryName(name); path !== '' && !all.has(path); path = directoryName(path)) all.add(path)
    }
  }
  return all
}

type Placing = (path: string) => string

/** What a layer says of the links below it: looked up in the tree as it was before the layer. */
class Marks {
  readonly whiteouts: ReadonlySet<string>
  readonly opaques: ReadonlySet<string>
  readonly #directories: ReadonlySet<string>

  constructor({ tree }: LayerFacts, place: Placing) {
    this.whiteouts = new Set(tree.whiteouts.map(place))
    this.opaques = new Set(tree.opaques.map(place))
    this.#directories = new Set(tree.directories.map(place))
  }

  /** True where a lower link of that path is removed, or a directory takes its place. */
  clears(path: string): boolean {
    if (this.#directories.has(path) || this.whiteouts.has(path)) return true
    for (let part = path; part !== ''; ) {
      part = directoryName(part)
      if (this.whiteouts.has(part) || this.opaques.has(part)) return true
    }
    return false
  }
}

interface LinkHistory {
  readonly hiders: Hiders
  /** Where the entries of each layer land that are no directories. */
  readonly entries: readonly ReadonlySet<string>[]
  /** Where an entry of layer `index` lands: its directory is looked up through the links of the layers below. */
  readonly place: (path: string, index: number) => string
  /** The target of a link as seen from layer `top`. */
  readonly target: (path: string, top: number, hiddenBy: (path: string, from: number) => number) => string | undefined
}

/** Goes through the layers from the lowest: each is placed by the links that those below it have left. */
function linkHistory(layers: readonly LayerFacts[]): LinkHistory {
  const versions = new Map<string, { readonly layer: number; readonly target: string }[]>()
  const hiders = new Hiders()
  const landed: ReadonlySet<string>[] = []
  const placings: Placing[] = []
  /** A lower link stands in for a directory unless a layer above it took it away or put something in its place. */
  const lower = (path: string, index: number): string | undefined => {
    const version = versions.get(path)?.findLast(({ layer }) => layer < index)
    if (version === undefined) return undefined
    return hiders.next(path, version.layer) === undefined ? version.target : undefined
  }
  layers.forEach((layer, index) => {
    const below = (path: string) => lower(path, index)
    const marks = new Marks(layer, index === 0 ? asItIs : placing(below))
    const place = index === 0 ? asItIs : placing(path => (marks.clears(path) ? undefined : below(path)))
    placings.push(place)
    const entries = new Set(layer.tree.paths.map(place))
    const directories = withParents(layer.tree.directories.map(place), entries)
    hiders.add(index, { solid: [...entries, ...marks.whiteouts], directories, opaques: marks.opaques })
    landed.push(entries)
    for (const [name, target] of layer.tree.symlinks) {
      const path = place(name)
      const list = versions.get(path)
      if (list === undefined) versions.set(path, [{ layer: index, target }])
      else list.push({ layer: index, target })
    }
  })
  return {
    hiders,
    entries: landed,
    place: (path, index) => placings[index]!(path),
    target: (path, top, hiddenBy) => {
      const version = versions.get(path)?.findLast(({ layer }) => layer <= top)
      return version !== undefined && hiddenBy(path, version.layer) > top ? version.target : undefined
    },
  }
}

const asItIs: Placing = path => path

/** Places names by looking up their directories through links; each directory once. */
function placing(link: (path: string) => string | undefined): Placing {
  const memo = new Map<string, string>()
  return path => {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return path
    const directory = path.slice(0, slash)
    let placed = memo.get(directory)
    if (placed === undefined) {
      placed = follow(directory, link) ?? directory
      memo.set(directory, placed)
    }
    return placed === directory ? path : placed === '' ? path.slice(slash + 1) : `${placed}${path.slice(slash)}`
  }
}

/** Tells which paths lead through no symbolic link, seen from a layer: most do not, and share their directories. */
function straightness(
  height: number,
  target: (path: string, top: number) => string | undefined,
): (path: string, top: number) => boolean {
  const memos = Array.from({ length: height }, () => new Map<string, boolean>())
  const isStraight = (path: string, top: number): boolean => {
    if (path === '') return true
    const known = memos[top]?.get(path)
    if (known !== undefined) return known
    const straight = isStraight(directoryName(path), top) && target(path, top) === undefined
    memos[top]?.set(path, straight)
    return straight
  }
  return (path, top) => path.length <= maxPath && !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path) && isStraight(path, top)
}

/** Walks a path component by component, replacing links by their targets; never leaves the root. */
function follow(path: string, target: (link: string) => string | undefined): string | undefined {
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

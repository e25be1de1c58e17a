import { baseName, directoryName } from '#lib/text.ts'
import type { LayerFacts, ReadFile } from './layer-facts.ts'
import { LinkHistory } from './stack-links.ts'
import { eachLanding, ending, follow, StraightPaths } from './stack-paths.ts'

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
  /** Where it lands. */
  readonly path: string
}

/** All layers of a target stacked: which files are seen from the top of any of them. */
export interface Stack {
  readonly height: number
  readonly files: readonly StackedFile[]
  /** Follows a path through the symbolic links seen from layer `top`; undefined for loops and dangling ends above `/`. */
  readonly resolve: (path: string, top: number) => string | undefined
  /** Every other path that a path leads to through symbolic links, seen from whichever layer. */
  readonly farEnds: (path: string) => ReadonlySet<string>
  /** Those names, and those by which symbolic links of any directory and layer might lead to files of these names. */
  readonly aliases: (names: ReadonlySet<string>) => ReadonlySet<string>
  /** Every entry that lands at one of these paths (no directory), visible or not, by the name that its layer has for it. */
  readonly entriesAt: (paths: ReadonlySet<string>) => readonly LayerEntry[]
  /** Texts of the distribution's identification files, seen from the highest layer, symbolic links followed. */
  readonly texts: (paths: readonly string[]) => ReadonlyMap<string, string>
  /** Where files that were read, texts and symbolic links of any layer land: a layer that covers none changes nothing. */
  readonly watched: () => ReadonlySet<string>
}

/**
 * Stacks layers by the rules of the OCI image specification
 * (https://github.com/opencontainers/image-spec/blob/main/layer.md): an upper entry replaces a lower one of its path
 * and, where it is no directory, everything below; whiteouts remove, opaque directories empty what lies below them.
 */
export function stackLayers(layers: readonly LayerFacts[]): Stack {
  const links = new LinkHistory(layers.length)
  const placed = layers.map(layer => links.add(layer))
  const files = layers.flatMap((layer, index) =>
    layer.files.map((file, at) => {
      const path = placed[index]![at]!
      return { layer: index, path, hiddenBy: links.hiddenBy(path, index), file }
    }),
  )
  links.hiders.settle()
  const straight = new StraightPaths(path => links.has(path))
  const resolve = (path: string, top: number) =>
    straight.has(path) ? path : follow(path, link => links.seen(link, top).target)
  return {
    height: layers.length,
    files,
    resolve,
    farEnds: path => (straight.has(path) ? new Set() : farEnds(links, layers.length, path)),
    aliases: names => aliases(layers, names),
    entriesAt: paths => entriesAt(layers, links, paths),
    texts: paths => visibleTexts({ layers, paths, links, resolve }),
    watched: () =>
      new Set([
        ...files.map(({ path }) => path),
        ...layers.flatMap(({ texts }, index) => texts.map(([name]) => links.place(name, index))),
        ...links.paths(),
      ]),
  }
}

function aliases(layers: readonly LayerFacts[], names: ReadonlySet<string>): ReadonlySet<string> {
  const byEnd = new Map<string, string[]>()
  for (const { tree } of layers)
    for (const [path, target] of tree.symlinks) {
      const end = baseName(target)
      const known = byEnd.get(end)
      if (known === undefined) byEnd.set(end, [baseName(path)])
      else known.push(baseName(path))
    }
  // What such a target leads to is not told by its end.
  const all = new Set([...names, '', '.', '..'])
  // A set that grows while it is gone through is gone through to its end.
  for (const end of all) for (const name of byEnd.get(end) ?? []) all.add(name)
  return all
}

function farEnds(links: LinkHistory, height: number, path: string): ReadonlySet<string> {
  const ends = new Set<string>()
  for (let top = 0; top < height; ) {
    let until = height
    const end = follow(path, name => {
      const link = links.seen(name, top)
      until = Math.min(until, link.until)
      return link.target
    })
    if (end !== undefined && end !== path) ends.add(end)
    top = until
  }
  return ends
}

function entriesAt(
  layers: readonly LayerFacts[],
  links: LinkHistory,
  paths: ReadonlySet<string>,
): readonly LayerEntry[] {
  const directories = new Set([...paths].map(directoryName))
  // Links lead to other directories, never to another last part.
  const endings = new Set([...paths].map(ending))
  const found: LayerEntry[] = []
  layers.forEach(({ tree }, layer) => {
    const landings = {
      directoryOf: (directory: string) => links.directoryOf(directory, layer),
      isKept: (directory: string) => directories.has(directory),
    }
    const named = tree.paths.filter(name => endings.has(ending(name)))
    eachLanding(named, landings, (path, name) => {
      if (paths.has(path)) found.push({ layer, name, path })
    })
  })
  return found
}

function visibleTexts(view: {
  readonly layers: readonly LayerFacts[]
  readonly paths: readonly string[]
  readonly links: LinkHistory
  readonly resolve: Stack['resolve']
}): ReadonlyMap<string, string> {
  const seen = new Map<string, string>()
  view.layers.forEach((layer, index) => {
    for (const [name, text] of layer.texts) {
      const path = view.links.place(name, index)
      if (view.links.hiddenBy(path, index) === view.layers.length) seen.set(path, text)
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

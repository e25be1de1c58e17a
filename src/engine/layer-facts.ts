import type { Problem } from '#model/problem.ts'
import { decodeEntry, encodeEntry } from './cache-entry.ts'

/** Everything that one pass over one layer gives: plain JSON data, cached by the layer's diffID. */
export interface LayerFacts {
  /** Files that an ecosystem read something from, in the layer's order. */
  readonly files: readonly ReadFile[]
  /** Small text files that identify the distribution, by path. */
  readonly texts: readonly (readonly [path: string, text: string])[]
  /** Problems without their layer, which is added when an image is put together. */
  readonly problems: readonly Problem[]
  readonly tree: LayerTree
}

/** A file that an ecosystem read. */
export interface ReadFile {
  readonly ecosystem: string
  readonly path: string
  readonly facts: unknown
  /** How many packages the file lists; absent where it is one. */
  readonly packages?: number
  /** Digests of the content of files that prove language packages, to compare with an owner's claim. */
  readonly digests?: Readonly<Record<'md5' | 'sha1' | 'sha256', string>>
}

/** The layer's entries, as far as stacking layers needs them. */
export interface LayerTree {
  /** Paths of everything that is not a directory. */
  readonly paths: readonly string[]
  readonly directories: readonly string[]
  readonly symlinks: readonly (readonly [path: string, target: string])[]
  readonly whiteouts: readonly string[]
  readonly opaques: readonly string[]
  /** Files that are not in `paths`: by their directory and name alone, no reader may ever want them. */
  readonly passedOver?: number
}

/** How many packages the files of a layer list. */
export function listedPackages({ files }: LayerFacts): number {
  return files.reduce((sum, { packages = 1 }) => sum + packages, 0)
}

/** How many entries count for `target-entries`. */
export function entriesOf({ tree }: LayerFacts): number {
  return (
    tree.paths.length + tree.directories.length + tree.whiteouts.length + tree.opaques.length + (tree.passedOver ?? 0)
  )
}

/** Facts to bytes for the cache. */
export function encodeFacts(facts: LayerFacts): Uint8Array {
  const { paths, directories, ...tree } = facts.tree
  const counts = [paths.length, directories.length]
  return encodeEntry({ ...facts, tree: { ...tree, counts } }, paths, directories)
}

/** Bytes from the cache to facts; undefined where they are not what this version writes. */
export function decodeFacts(bytes: Uint8Array): LayerFacts | undefined {
  try {
    const { value, paths: names } = decodeEntry(bytes)
    const { tree, ...facts } = value as Omit<LayerFacts, 'tree'> & { readonly tree: Marks }
    const { counts, ...marks } = tree
    const [paths, directories] = counts
    const all = names()
    if (all.length !== Math.max(paths, 1) + Math.max(directories, 1)) return undefined
    return {
      ...facts,
      tree: { ...marks, paths: all.slice(0, paths), directories: directories === 0 ? [] : all.slice(-directories) },
    }
  } catch {
    return undefined
  }
}

/** A tree without its paths, and how many there are of them and of directories. */
type Marks = Omit<LayerTree, 'paths' | 'directories'> & { readonly counts: readonly [number, number] }

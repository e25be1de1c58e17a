import type { Problem } from '#model/problem.ts'

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

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Facts to bytes for the cache. */
export function encodeFacts(facts: LayerFacts): Uint8Array {
  const tree = {
    ...facts.tree,
    paths: packPaths(facts.tree.paths),
    directories: packPaths(facts.tree.directories),
  }
  return encoder.encode(JSON.stringify({ ...facts, tree }))
}

/** Bytes from the cache to facts; undefined where they are not what this version writes. */
export function decodeFacts(bytes: Uint8Array): LayerFacts | undefined {
  try {
    const value = JSON.parse(decoder.decode(bytes))
    const tree = {
      ...value.tree,
      paths: unpackPaths(value.tree.paths),
      directories: unpackPaths(value.tree.directories),
    }
    return { ...value, tree }
  } catch {
    return undefined
  }
}

/** One string splits several times faster than a JSON array of as many paths parses; no path can hold a NUL. */
function packPaths(paths: readonly string[]): string {
  return paths.join('\0')
}

function unpackPaths(packed: string): readonly string[] {
  return packed === '' ? [] : packed.split('\0')
}

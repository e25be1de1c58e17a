import { asciiJson } from '#lib/json.ts'
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

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** How many bytes say where the text of paths begins. */
const headBytes = 4

/**
 * Facts to bytes for the cache: where the JSON ends, the JSON, and behind it the paths. One text splits several times
 * faster than a JSON array of as many paths parses; no path can hold a NUL.
 */
export function encodeFacts(facts: LayerFacts): Uint8Array {
  const { paths, directories, ...tree } = facts.tree
  const json = encoder.encode(asciiJson({ ...facts, tree: { ...tree, counts: [paths.length, directories.length] } }))
  const text = encoder.encode(`${paths.join('\0')}\0${directories.join('\0')}`)
  const bytes = new Uint8Array(headBytes + json.length + text.length)
  new DataView(bytes.buffer).setUint32(0, json.length)
  bytes.set(json, headBytes)
  bytes.set(text, headBytes + json.length)
  return bytes
}

/** Bytes from the cache to facts; undefined where they are not what this version writes. */
export function decodeFacts(bytes: Uint8Array): LayerFacts | undefined {
  try {
    const end = headBytes + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    const { tree, ...facts } = JSON.parse(decoder.decode(bytes.subarray(headBytes, end)))
    const { counts, ...marks } = tree
    const text = decoder.decode(bytes.subarray(end))
    const [paths, directories] = counts
    const names = text.split('\0')
    if (names.length !== Math.max(paths, 1) + Math.max(directories, 1)) return undefined
    return {
      ...facts,
      tree: { ...marks, paths: names.slice(0, paths), directories: directories === 0 ? [] : names.slice(-directories) },
    }
  } catch {
    return undefined
  }
}

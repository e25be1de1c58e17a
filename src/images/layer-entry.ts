import { baseName, directoryName } from '#lib/text.ts'
import type { TreeEntry } from './types.ts'

/** An entry before its path is looked at: what an archive says. */
export interface RawEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  readonly size: number
  readonly mode: number
  readonly linkName: string
}

/** The entry; `undefined` where it says nothing of the tree; or why it cannot be placed in the tree. */
export type PlacedEntry = TreeEntry | undefined | { readonly refused: string }

/** No system has longer paths, so no image with one can be unpacked; work on them grows with the square of their length. */
const maxPathLength = 4096

const prefix = '.wh.'
const opaqueName = '.wh..wh..opq'
const metadataPrefix = '.wh..wh.'

/**
 * Places an entry of a layer in the tree: normalises its path and recognises whiteouts as
 * https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts has them: by the prefix of the last part
 * of the path, whatever kind of file carries it. AUFS's own files (`.wh..wh.…`) are no part of the tree.
 */
export function placeEntry(raw: RawEntry): PlacedEntry {
  if (raw.name.length > maxPathLength) return { refused: 'The path is longer than any system allows' }
  let path = usualPath(raw.name)
  if (path === undefined) {
    path = normalizePath(raw.name)
    if (path === undefined) return { refused: 'The path leads out of the tree' }
    const whiteout = placeWhiteout(path, raw)
    if (whiteout !== 'none') return whiteout
    if (path === '') return undefined
  }
  const entry = { path, kind: raw.kind, size: raw.size, mode: raw.mode }
  if (raw.kind === 'symlink') return { ...entry, target: raw.linkName }
  if (raw.kind !== 'hardlink') return entry
  const target = normalizePath(raw.linkName)
  if (target === undefined || target === '') return { refused: 'The hard link leads out of the tree' }
  if (target.startsWith(metadataPrefix)) return { refused: 'The hard link leads to a file that only AUFS keeps' }
  return { ...entry, target }
}

/**
 * `/`-separated without leading `/`, `.` or `..`, cleaned by its text alone, as the container runtimes do. Undefined
 * where it leads out of the tree or holds a NUL, which no file system has.
 */
export function normalizePath(name: string): string | undefined {
  const usual = usualPath(name)
  if (usual !== undefined) return usual
  if (name.includes('\0')) return undefined
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined
    } else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** An empty part, one that begins with a dot as whiteouts do, or a NUL. */
const unusual = /^(?:[./]|$)|\/(?:[./]|$)|\0/

/** The path of nearly all entries, which needs no work; undefined for others. */
function usualPath(name: string): string | undefined {
  // Directories end with a slash, and many archives are made of what is in `.`.
  const path = name.slice(name.startsWith('./') ? 2 : 0, name.endsWith('/') ? -1 : undefined)
  return unusual.test(path) ? undefined : path
}

function placeWhiteout(path: string, raw: RawEntry): PlacedEntry | 'none' {
  if (!path.includes(prefix)) return 'none'
  const name = baseName(path)
  const directory = directoryName(path)
  const entry = { size: 0, mode: raw.mode }
  if (name === opaqueName) return { ...entry, path: directory, kind: 'opaque' }
  if (path.startsWith(metadataPrefix) || name.startsWith(metadataPrefix)) return undefined
  if (!name.startsWith(prefix)) return 'none'
  const removed = name.slice(prefix.length)
  if (removed === '' || removed === '.' || removed === '..') return { refused: 'The whiteout names no file' }
  return { ...entry, path: directory === '' ? removed : `${directory}/${removed}`, kind: 'whiteout' }
}

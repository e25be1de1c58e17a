import { ecosystems } from '#ecosystems/index.ts'
import type { TreeMode } from '#ecosystems/types.ts'
import type { OpenedTarget } from '#images/types.ts'
import type { Distro } from '#model/distro.ts'
import type { Limits } from '#model/limits.ts'
import type { Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { ImageLayer } from '#model/target.ts'
import { introductionsBy } from './base-image.ts'
import { decodeEntry, encodeEntry } from './cache-entry.ts'
import { digestPackages } from './facts.ts'
import { areInert } from './inert-layers.ts'
import { entriesOf, type LayerFacts } from './layer-facts.ts'
import type { Ports } from './ports.ts'
import { readersKey } from './read-layer.ts'

/** What the layers of a target were put together to: packages, and problems other than those of its layers. */
export interface Assembled {
  readonly distro?: Distro
  readonly packages: readonly Package[]
  /** Digest of the packages: with many it takes longer than all else that is done with facts from the cache. */
  readonly digest: string
  readonly problems: readonly Problem[]
  readonly layers: readonly ImageLayer[]
  /** True where the lowest layer holds files that name an operating system. */
  readonly holdsSystem: boolean
  /** How many entries of the layers count for `target-entries`. */
  readonly entries: number
  /** Paths at which a further layer on top might change any of this. */
  readonly watched: () => readonly string[]
}

/** Layers that lie on known ones, at most, for which it is looked for known ones. */
const maxOnTop = 8

/** More packages take longer to write down than to put together again, and much memory. */
const maxKeptPackages = 30_000

/** Watched paths of real images have a tenth of these characters; a link may make very many short names long. */
const maxWatchedLength = 2 ** 23

/** True where it is worth keeping. What met a limit may not meet a higher one. */
export function isKept({ packages, problems, watched }: Assembled): boolean {
  if (packages.length > maxKeptPackages || problems.some(({ code }) => code === 'limit')) return false
  return watched().reduce((sum, path) => sum + path.length, 0) <= maxWatchedLength
}

/** Layers that were put together before, by this very program, in an image of these or more layers. */
export interface Known {
  /** How many, from the lowest. */
  readonly height: number
  readonly assembled: Assembled
}

/** The most of a target's layers that are known, and that may be looked at. */
export async function findAssembled(
  opened: OpenedTarget,
  { mode, limits, ports }: { readonly mode: TreeMode; readonly limits: Limits; readonly ports: Ports },
): Promise<Known | undefined> {
  const count = opened.layers.length
  for (let height = count; height > 0 && height >= count - maxOnTop; height--) {
    const key = assembledKey(opened, height, mode, ports)
    if (key === undefined) return undefined
    const bytes = await ports.cache.get(key)
    const assembled = bytes === undefined ? undefined : decodeAssembled(bytes)
    if (assembled !== undefined && assembled.entries <= limits['target-entries']) return { height, assembled }
  }
  return undefined
}

/**
 * The cache key of what the lowest layers of an image are put together to: what they are, and the code that does it.
 * Undefined where that code is not known by a name, or the target is no image whose layers are all named.
 */
export function assembledKey(
  { image, layers }: OpenedTarget,
  height: number,
  mode: TreeMode,
  { build, hash }: Pick<Ports, 'build' | 'hash'>,
): string | undefined {
  if (build === undefined || image === undefined || layers.length === 0) return undefined
  if (layers.some(({ digest, diffId }) => digest === undefined || diffId === undefined)) return undefined
  const hasher = hash('sha256')
  const named = layers.slice(0, height).map(({ digest, diffId }) => [digest, diffId])
  hasher.update(JSON.stringify([build, readersKey(ecosystems, mode), named]))
  return `stack-${hasher.hex()}`
}

/** To bytes for the cache. */
export function encodeAssembled({ watched, ...assembled }: Assembled): Uint8Array {
  return encodeEntry(assembled, watched())
}

function decodeAssembled(bytes: Uint8Array): Assembled | undefined {
  try {
    const { value, paths } = decodeEntry(bytes)
    return { ...(value as Omit<Assembled, 'watched'>), watched: paths }
  } catch {
    return undefined
  }
}

/** What these layers change nothing of, lying on top; undefined where they may. */
export function withOnTop(known: Assembled, upper: readonly LayerFacts[]): Assembled | undefined {
  if (!areInert(upper, known.watched)) return undefined
  return { ...known, entries: upper.reduce((sum, facts) => sum + entriesOf(facts), known.entries) }
}

/**
 * The same packages in an image of these layers, which may have others on top that bring none. The history of another
 * image tells other steps, and another base.
 */
export function inImage(assembled: Assembled, layers: readonly ImageLayer[], hash: Ports['hash']): Assembled {
  const before = JSON.stringify(assembled.layers)
  if (before === JSON.stringify(layers.slice(0, assembled.layers.length))) return { ...assembled, layers }
  const byLayer = introductionsBy(layers)
  const packages = assembled.packages.map(found =>
    found.introduced === undefined ? found : { ...found, introduced: byLayer[found.introduced.layer]! },
  )
  return { ...assembled, layers, packages, digest: digestPackages(packages, hash) }
}

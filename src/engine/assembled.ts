import { ecosystems } from '#ecosystems/index.ts'
import type { TreeMode } from '#ecosystems/types.ts'
import type { OpenedTarget } from '#images/types.ts'
import { asciiJson } from '#lib/json.ts'
import type { Distro } from '#model/distro.ts'
import type { Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { ImageLayer } from '#model/target.ts'
import type { Ports } from './ports.ts'
import { readersKey } from './read-layer.ts'

/** What the files of a target gave: packages, and problems other than those of its layers. */
export interface Assembled {
  readonly distro?: Distro
  readonly packages: readonly Package[]
  /** Digest of the packages: with many it takes longer than all else that is done with facts from the cache. */
  readonly digest: string
  readonly problems: readonly Problem[]
  readonly layers: readonly ImageLayer[]
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The cache key of what an image's layers are put together to: its configuration, the digests of its layers, and the
 * code that does it. Undefined where that code is not known by a name, or the target is no image whose layers are all named.
 */
export function assembledKey(opened: OpenedTarget, mode: TreeMode, { build, hash }: Ports): string | undefined {
  if (build === undefined || opened.image === undefined || opened.layers.length === 0) return undefined
  const digests = opened.layers.map(({ digest }) => digest)
  if (digests.includes(undefined)) return undefined
  const hasher = hash('sha256')
  hasher.update(JSON.stringify([build, readersKey(ecosystems, mode), opened.image.id, digests]))
  return `image-${hasher.hex()}`
}

/** To bytes for the cache. */
export function encodeAssembled(assembled: Assembled): Uint8Array {
  return encoder.encode(asciiJson(assembled))
}

/** From the cache; undefined where it is not what this version writes. */
export function decodeAssembled(bytes: Uint8Array): Assembled | undefined {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

import type { Limits } from '#model/limits.ts'
import type { Platform } from '#model/target.ts'
import type { TargetBudget } from './budget.ts'
import type { OpenOptions } from './types.ts'

/*
 * The parts that every transport of images shares. A transport (archive, layout, registry, engine) only gets bytes;
 * the rest is done here:
 *
 *   blob.ts      `Blob`, `LayerClaim`, `ImageParts`: what a transport hands over
 *   layer.ts     `openLayer(blob, claim, options): LayerSource`: sniff, inflate, hash, walk, bodies
 *   image.ts     `openImage(parts, options): OpenedTarget`: configuration, claims and layers put together
 *   manifest.ts  `parseManifest(bytes)`, `parseIndex(bytes)`: OCI and Docker documents, unknown members ignored
 *   platform.ts  `choosePlatform(candidates, wanted)`: which manifest of an index
 *   digest.ts    `sha256(bytes)`, `isDigest(text)`
 */

/** Bytes as a transport stores them: compressed or not. */
export interface Blob {
  /** Bytes as stored, where known. */
  readonly size?: number
  /**
   * The bytes from the start, each time it is called. A chunk is valid only until the next one is asked for, so its
   * buffer may be reused. Throws `Failure` where the transport broke; other errors become a problem of the layer.
   */
  readonly stream: (signal?: AbortSignal) => AsyncIterable<Uint8Array>
  /** Where the stored bytes lie in an open file: bodies of an uncompressed layer are then read in place. */
  readonly region?: FileRegion
}

/** A part of an open file. */
export interface FileRegion {
  /** An open file descriptor that stays open until the target is closed. */
  readonly fd: number
  readonly offset: number
  readonly size: number
}

/** What the manifest and the configuration say of a layer. */
export interface LayerClaim {
  /** sha256 of the uncompressed bytes, `sha256:<hex>`. */
  readonly diffId?: string
  /** Digest of the bytes as stored. Set it only where the transport promises it (OCI); it is then verified. */
  readonly digest?: string
  /** Size of the bytes as stored, from the descriptor; verified together with `digest`. */
  readonly size?: number
  readonly mediaType?: string
}

/** A layer that a transport found, or did not. */
export interface LayerPart {
  /** Absent where the transport does not have the bytes: the layer then reports `missing` when it is walked. */
  readonly blob?: Blob
  readonly claim: LayerClaim
}

/** An image as a transport found it. */
export interface ImageParts {
  /** Scheme and name for the target. */
  readonly scheme: string
  readonly name: string
  /** The configuration's bytes and, where a manifest names one, the digest they should have. */
  readonly config: { readonly bytes: Uint8Array; readonly digest?: string }
  /** The manifest's bytes and, where something names one, the digest they should have. */
  readonly manifest?: { readonly bytes: Uint8Array; readonly digest?: string }
  /** Lowest first. `diffId` may be left out of the claims: the configuration's are used. */
  readonly layers: readonly LayerPart[]
  readonly tags: readonly string[]
  /** Used where the configuration names none. */
  readonly platform?: Platform
  /** Releases what the transport holds; called once. */
  readonly close?: () => Promise<void>
}

/** Bounds and surroundings of a layer's walk. */
export interface LayerOptions extends Pick<OpenOptions, 'temporary' | 'progress'> {
  /** For progress: `layer 3 of 7`. */
  readonly label?: string
  readonly limits?: Partial<Limits>
  /** What all layers of the target may ask for together; default: one for this layer alone. */
  readonly budget?: TargetBudget
}

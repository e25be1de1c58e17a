import { contentMark, readAt } from '#io/file.ts'
import { type BegunHash, hashPart } from '#io/hash-part.ts'
import { encodingOf } from '#io/inflate.ts'
import type { PartDigest } from '#io/part-questions.ts'
import type { FileRegion, LayerClaim } from './blob.ts'
import { LayerCheck } from './layer-check.ts'

/** Enough to tell compression and tar apart. */
export const headBytes = 512

/** The first bytes of a layer's file. Throws the system's error where it cannot be read. */
export function headOf(region: FileRegion): Uint8Array {
  return readAt(region.fd, region.offset, Math.min(headBytes, region.size))
}

/** Digests that are being made, and how to end that. */
export interface Hashing {
  /** Never rejects. */
  readonly result: Promise<{ readonly digest: PartDigest } | { readonly error: unknown }>
  readonly stop: () => void
}

interface Making extends Hashing {
  isClaimed: boolean
}

/** Digests of a layer's file, which a second walk over the layer need not make again. */
export class RegionDigests {
  readonly #region: FileRegion
  readonly #claim: LayerClaim
  /** By the mark of the file's content. */
  readonly #makings = new Map<string, Making>()

  constructor(region: FileRegion, claim: LayerClaim) {
    this.#region = region
    this.#claim = claim
  }

  /** A walk will come: plain bytes are hashed while the program loads what reads the layer. */
  prepare(signal?: AbortSignal): void {
    try {
      if (encodingOf(headOf(this.#region)) !== 'plain') return
      this.#begin(contentMark(this.#region.fd), new LayerCheck(this.#claim, false).algorithms, signal)
    } catch {
      // Told when the layer is walked.
    }
  }

  /**
   * The digests of the whole file, in the order of `algorithms`, which are the same whenever this is called. `stop` is
   * for a walk that ends early: it ends the hashing, unless that is for another walk. What was `begun` is ended.
   */
  make(mark: string, algorithms: readonly string[], signal?: AbortSignal, begun?: BegunHash): Hashing {
    const making = this.#makings.get(mark) ?? this.#begin(mark, algorithms, signal, begun)
    if (making.isClaimed) return { result: making.result, stop: () => undefined }
    making.isClaimed = true
    return making
  }

  #begin(mark: string, algorithms: readonly string[], signal?: AbortSignal, begun?: BegunHash): Making {
    const ending = new AbortController()
    const signals = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
    const digest =
      algorithms.length === 0
        ? Promise.resolve({ hex: [], bytes: this.#region.size })
        : hashPart(this.#region, algorithms, signals, begun)
    const result = digest.then(
      made => ({ digest: made }),
      (error: unknown) => {
        this.#makings.delete(mark)
        return { error }
      },
    )
    const making = { result, stop: () => ending.abort(), isClaimed: false }
    this.#makings.set(mark, making)
    return making
  }
}

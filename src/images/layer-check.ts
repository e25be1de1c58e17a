import type { LayerClaim } from './blob.ts'
import { algorithmOf, type DigestHash, digestHash } from './digest.ts'

/** What a pass over a layer has found its bytes to be. */
export interface LayerIdentity {
  /** Digest of the uncompressed bytes, where it was made. */
  readonly diffId?: string
  /** Digest that the layer's facts are known by: the one of the stored bytes where it is claimed, else the diffID. */
  readonly digest?: string
  /** Where the bytes are not what the claim says. */
  readonly mismatches: readonly string[]
}

/**
 * Makes the digests that verify a layer, and no other. Facts are kept under one digest, so one has to be right: that of
 * the bytes as stored where a manifest claims it, which are fewer than the inflated ones; else the diffID. An image
 * whose layer inflates to something else than its configuration says is refused by every engine that unpacks it
 * (docs/decisions/0008-one-digest-per-layer.md).
 */
export class LayerCheck {
  readonly #claim: LayerClaim
  readonly #isCompressed: boolean
  readonly #stored: readonly DigestHash[]
  readonly #plain: DigestHash | undefined
  #made: readonly string[] | undefined

  constructor(claim: LayerClaim, isCompressed: boolean) {
    this.#claim = claim
    this.#isCompressed = isCompressed
    const isKnownByDiffId = claim.diffId === undefined || claim.digest === undefined
    const likeDiffId = claim.diffId ?? 'sha256:'
    const ofStored = [claim.digest, isCompressed ? undefined : likeDiffId].filter(like => like !== undefined)
    this.#stored = [...new Set(ofStored.map(algorithmOf))].map(name => digestHash(`${name}:`))
    this.#plain = isCompressed && isKnownByDiffId ? digestHash(likeDiffId) : undefined
  }

  /** Algorithms of the digests that have to be made of the stored bytes. */
  get algorithms(): readonly ('sha256' | 'sha512')[] {
    return this.#stored.map(({ algorithm }) => algorithm)
  }

  /** Takes bytes as stored. */
  takeStored(bytes: Uint8Array): void {
    for (const hash of this.#stored) hash.update(bytes)
  }

  /** Takes bytes that a compressed layer inflates to. */
  takePlain(bytes: Uint8Array): void {
    this.#plain?.update(bytes)
  }

  /** The digests of all stored bytes were made elsewhere, in the order of `algorithms`. */
  takeMade(hex: readonly string[]): void {
    this.#made = this.algorithms.map((name, index) => `${name}:${hex[index]}`)
  }

  /** What the bytes are: to be asked once, when all have been taken. */
  end(storedBytes: number): LayerIdentity {
    const made = this.#made ?? this.#stored.map(hash => hash.digest())
    const like = (claimed: string) => made.find(digest => algorithmOf(digest) === algorithmOf(claimed))
    const { digest, size, diffId: claimedDiffId } = this.#claim
    const stored = digest === undefined ? undefined : like(digest)
    const diffId = this.#isCompressed ? this.#plain?.digest() : like(claimedDiffId ?? 'sha256:')
    const mismatches: string[] = []
    if (stored !== digest) mismatches.push(`The layer's bytes have the digest ${stored}, not ${digest}`)
    else if (digest !== undefined && size !== undefined && size !== storedBytes) {
      mismatches.push(`The layer has ${storedBytes} bytes; its manifest says ${size}`)
    }
    if (claimedDiffId !== undefined && diffId !== undefined && claimedDiffId !== diffId) {
      mismatches.push(`The layer's diffID is ${diffId}, not ${claimedDiffId}`)
    }
    const known = digest === undefined ? diffId : stored
    return {
      ...(diffId !== undefined && { diffId }),
      ...(known !== undefined && { digest: known }),
      mismatches,
    }
  }
}

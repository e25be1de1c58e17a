import { encodingOf, type InflateFault, inflate } from '#io/inflate.ts'
import { Failure } from '#lib/failure.ts'
import { isTarStart } from '#lib/tar-header.ts'
import { type Limits, limitDetail, limitsWith } from '#model/limits.ts'
import type { Blob, LayerClaim, LayerOptions } from './blob.ts'
import { isBomb, openBudget, type TargetBudget } from './budget.ts'
import { digestHash } from './digest.ts'
import { LayerWalk } from './layer-walk.ts'
import { peek } from './peek.ts'
import type { LayerEnd, LayerSource, LayerVisitor } from './types.ts'

/** Enough to tell compression and tar apart. */
const headBytes = 512

/**
 * A layer of which a transport gives the bytes: gzip, zstd or plain tar, told by content whatever the media type
 * claims. One pass inflates, hashes, walks and hands out bodies. What the claim promises is verified: the diffID
 * always, the digest of the stored bytes where it is given and is not the diffID. Without a blob the layer is `missing`.
 */
export function openLayer(blob: Blob | undefined, claim: LayerClaim, options: LayerOptions): LayerSource {
  const walk = async (visitor: LayerVisitor, signal?: AbortSignal): Promise<LayerEnd> => {
    const pass = new LayerPass(blob, claim, options)
    return await pass.run(visitor, signal)
  }
  return claim.diffId === undefined ? { walk } : { diffId: claim.diffId, walk }
}

/** One walk over one layer. */
class LayerPass {
  readonly #blob: Blob | undefined
  readonly #claim: LayerClaim
  readonly #options: LayerOptions
  readonly #limits: Limits
  readonly #budget: TargetBudget
  readonly #diffHash: ReturnType<typeof digestHash>
  #storedHash: ReturnType<typeof digestHash> | undefined
  #storedBytes = 0
  #plainBytes = 0
  /** Of the stored bytes, those that the target's budget knows of. */
  #budgeted = 0

  constructor(blob: Blob | undefined, claim: LayerClaim, options: LayerOptions) {
    this.#blob = blob
    this.#claim = claim
    this.#diffHash = digestHash(claim.diffId ?? 'sha256:')
    this.#options = options
    this.#limits = limitsWith(options.limits ?? {})
    this.#budget = options.budget ?? openBudget(this.#limits)
  }

  async run(visitor: LayerVisitor, signal?: AbortSignal): Promise<LayerEnd> {
    const blob = this.#blob
    const walk = new LayerWalk(visitor, this.#options, this.#claim.diffId)
    if (blob === undefined) {
      walk.report('missing', 'The bytes of the layer are not there')
      return { problems: walk.problems() }
    }
    if (this.#claim.mediaType?.endsWith('+encrypted')) {
      walk.report('encrypted', 'The layer is encrypted')
      return { problems: walk.problems() }
    }
    try {
      const isWhole = await this.#read(blob, walk, signal)
      const diffId = isWhole ? this.#diffHash.digest() : undefined
      this.#verify(walk, diffId)
      return diffId === undefined ? { problems: walk.problems() } : { diffId, problems: walk.problems() }
    } finally {
      walk.close()
    }
  }

  /** Reads the layer; false where it was not read to its end. */
  async #read(blob: Blob, walk: LayerWalk, signal?: AbortSignal): Promise<boolean> {
    const fault: { code?: string } = {}
    const { head, bytes } = await peek(this.#count(blob, walk, fault, signal), headBytes)
    const encoding = encodingOf(head)
    if (encoding === 'plain' && !isTarStart(head)) {
      walk.report('unreadable', 'The layer is no tar archive')
      await bytes.return(undefined)
      return false
    }
    if (encoding === 'plain') return await this.#readPlain(blob, bytes, walk, fault)
    if (encoding !== 'gzip' && encoding !== 'zstd') {
      walk.report('unsupported', `The layer is compressed with ${encoding}, which OCI images do not use`)
      await bytes.return(undefined)
      return false
    }
    const stored = this.#claim.digest
    if (stored !== undefined) this.#storedHash = digestHash(stored)
    const trouble = await inflate(encoding, this.#hashed(bytes), piece => this.#take(piece, walk))
    return this.#finish(walk, trouble, fault)
  }

  async #readPlain(blob: Blob, bytes: AsyncGenerator<Uint8Array>, walk: LayerWalk, fault: { code?: string }) {
    const stored = this.#claim.digest
    const isOther = stored !== undefined && stored.slice(0, 7) !== (this.#claim.diffId ?? 'sha256:').slice(0, 7)
    if (isOther) this.#storedHash = digestHash(stored)
    if (blob.region !== undefined) walk.readInPlace(blob.region)
    let isWanted = true
    for await (const chunk of this.#hashed(bytes)) {
      isWanted = this.#take(chunk, walk)
      if (!isWanted) break
    }
    return this.#finish(walk, undefined, isWanted ? fault : { code: 'limit' })
  }

  #finish(walk: LayerWalk, trouble: InflateFault | undefined, fault: { code?: string }): boolean {
    if (trouble !== undefined) walk.report(trouble.code, trouble.detail)
    const isWhole = trouble === undefined && fault.code === undefined && !walk.isFull
    walk.end(isWhole)
    return isWhole
  }

  /** The stored bytes, counted and told as progress; an error of the transport that is no `Failure` ends them. */
  async *#count(blob: Blob, walk: LayerWalk, fault: { code?: string }, signal?: AbortSignal) {
    const id = this.#claim.diffId ?? this.#claim.digest ?? this.#options.label ?? 'layer'
    const label = this.#options.label ?? 'layer'
    try {
      for await (const chunk of blob.stream(signal)) {
        signal?.throwIfAborted()
        this.#storedBytes += chunk.length
        yield chunk
        this.#options.progress?.({ id, label, done: this.#storedBytes, total: blob.size })
      }
    } catch (error) {
      if (error instanceof Failure || signal?.aborted) throw error
      fault.code = 'unreadable'
      walk.report('unreadable', `The layer could not be read: ${error instanceof Error ? error.message : error}`)
    }
  }

  async *#hashed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.#storedHash?.update(chunk)
      yield chunk
    }
  }

  /** Uncompressed bytes: hashed and walked; false where the layer is above its limit. */
  #take(bytes: Uint8Array, walk: LayerWalk): boolean {
    this.#plainBytes += bytes.length
    const excess = this.#excess(bytes.length)
    if (excess !== undefined) {
      walk.fill(excess)
      return false
    }
    this.#diffHash.update(bytes)
    walk.push(bytes)
    return true
  }

  /** What the layer, or the target with it, asks for beyond its limits. */
  #excess(plain: number): string | undefined {
    const stored = this.#storedBytes - this.#budgeted
    this.#budgeted = this.#storedBytes
    const shared = this.#budget.take(plain, stored)
    if (this.#plainBytes > this.#limits['layer-bytes']) {
      return limitDetail('The layer is too large', 'layer-bytes', this.#limits)
    }
    if (isBomb(this.#plainBytes, this.#storedBytes, this.#limits)) {
      return limitDetail('The layer inflates to too many times its size', 'inflate-ratio', this.#limits)
    }
    return shared
  }

  #verify(walk: LayerWalk, diffId: string | undefined): void {
    if (diffId === undefined) return
    const { digest, size } = this.#claim
    const stored = this.#storedHash?.digest() ?? diffId
    const isStoredAsClaimed = digest === undefined || digest === stored
    if (!isStoredAsClaimed) walk.report('digest-mismatch', `The layer's bytes have the digest ${stored}, not ${digest}`)
    else if (digest !== undefined && size !== undefined && size !== this.#storedBytes) {
      walk.report('digest-mismatch', `The layer has ${this.#storedBytes} bytes; its manifest says ${size}`)
    }
    if (this.#claim.diffId !== undefined && this.#claim.diffId !== diffId) {
      walk.report('digest-mismatch', `The layer's diffID is ${diffId}, not ${this.#claim.diffId}`)
    }
  }
}

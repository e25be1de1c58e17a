import { contentMark } from '#io/file.ts'
import { BegunHash } from '#io/hash-part.ts'
import { type Encoding, encodingOf, type InflateFault, inflate } from '#io/inflate.ts'
import { inflatePart } from '#io/inflate-part.ts'
import { Failure } from '#lib/failure.ts'
import { isTarStart } from '#lib/tar-header.ts'
import { type Limits, limitDetail, limitsWith } from '#model/limits.ts'
import type { Blob, FileRegion, LayerClaim, LayerOptions } from './blob.ts'
import { isBomb, openBudget, type TargetBudget } from './budget.ts'
import { LayerCheck } from './layer-check.ts'
import { type Hashing, headBytes, headOf, RegionDigests } from './layer-region.ts'
import { LayerWalk } from './layer-walk.ts'
import { peek } from './peek.ts'
import { walkRegion } from './region-walk.ts'
import type { LayerEnd, LayerSource, LayerVisitor } from './types.ts'

/**
 * A layer of which a transport gives the bytes: gzip, zstd or plain tar, told by content whatever the media type
 * claims. One pass inflates, hashes, walks and hands out bodies. Of what lies in an open file, plain tar is walked where
 * it lies, while a second thread hashes it, and anything else is inflated there first. What the claim promises is
 * verified, as far as `LayerCheck` tells. Without a blob the layer is `missing`.
 */
export function openLayer(blob: Blob | undefined, claim: LayerClaim, options: LayerOptions): LayerSource {
  const known = blob?.region === undefined ? undefined : new RegionDigests(blob.region, claim)
  const walk = async (visitor: LayerVisitor, signal?: AbortSignal): Promise<LayerEnd> => {
    const pass = new LayerPass({ blob, claim, known }, options)
    return await pass.run(visitor, signal)
  }
  const digest = claim.diffId === undefined ? undefined : (claim.digest ?? claim.diffId)
  return {
    ...(claim.diffId !== undefined && { diffId: claim.diffId }),
    ...(digest !== undefined && { digest }),
    prepare: signal => known?.prepare(signal),
    walk,
  }
}

/** Why a layer was not read to its end. */
interface Fault {
  code?: string
}

/** Who walks. */
interface Asked {
  readonly visitor: LayerVisitor
  readonly signal?: AbortSignal
}

/** A layer's file that was walked, as far as it goes. */
interface WalkedRegion {
  readonly region: FileRegion
  /** What its content was known by before. */
  readonly mark: string
  readonly trouble?: InflateFault
  readonly failed?: unknown
  readonly hashing: () => Hashing
}

/** One walk over one layer. */
class LayerPass {
  readonly #blob: Blob | undefined
  readonly #claim: LayerClaim
  readonly #options: LayerOptions
  readonly #limits: Limits
  readonly #budget: TargetBudget
  /** Shared by all walks over the layer. */
  readonly #known: RegionDigests | undefined
  #check: LayerCheck
  #storedBytes = 0
  #plainBytes = 0
  /** Of the stored bytes, those that the target's budget knows of. */
  #budgeted = 0

  constructor(
    { blob, claim, known }: { blob: Blob | undefined; claim: LayerClaim; known: RegionDigests | undefined },
    options: LayerOptions,
  ) {
    this.#blob = blob
    this.#claim = claim
    this.#known = known
    this.#check = new LayerCheck(claim, false)
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
      const isWhole = await this.#read(blob, walk, { visitor, signal })
      if (!isWhole) return { problems: walk.problems() }
      const { mismatches, ...identity } = this.#check.end(this.#storedBytes)
      for (const mismatch of mismatches) walk.report('digest-mismatch', mismatch)
      return { ...identity, problems: walk.problems() }
    } finally {
      walk.close()
    }
  }

  /** Reads the layer; false where it was not read to its end. */
  async #read(blob: Blob, walk: LayerWalk, asked: Asked): Promise<boolean> {
    const { region } = blob
    const fault: Fault = {}
    if (region !== undefined) {
      const head = this.#headOf(region, walk, fault, asked.signal)
      if (head === undefined) return this.#finish(walk, undefined, fault)
      const encoding = this.#encodingOf(head, walk)
      if (encoding === undefined) return false
      if (encoding === 'plain') return await this.#readPlainRegion(region, walk, asked)
      return await this.#inflateRegion(region, encoding, walk, asked)
    }
    const { head, bytes } = await peek(this.#count(blob, walk, fault, asked.signal), headBytes)
    const encoding = this.#encodingOf(head, walk)
    if (encoding === undefined) {
      await bytes.return(undefined)
      return false
    }
    if (encoding === 'plain') return await this.#readPlain(bytes, walk, fault)
    const trouble = await inflate(encoding, this.#hashed(bytes), piece => this.#take(piece, walk))
    return this.#finish(walk, trouble, fault)
  }

  #headOf(region: FileRegion, walk: LayerWalk, fault: Fault, signal?: AbortSignal): Uint8Array | undefined {
    try {
      return headOf(region)
    } catch (error) {
      this.#refuse(error, walk, fault, signal)
      return undefined
    }
  }

  /** How the layer's bytes have to be read, where they can be. */
  #encodingOf(head: Uint8Array, walk: LayerWalk): Extract<Encoding, 'gzip' | 'zstd' | 'plain'> | undefined {
    const encoding = encodingOf(head)
    if (encoding === 'plain' && !isTarStart(head)) {
      walk.report('unreadable', 'The layer is no tar archive')
      return undefined
    }
    if (encoding === 'plain') return encoding
    if (encoding === 'gzip' || encoding === 'zstd') {
      this.#check = new LayerCheck(this.#claim, true)
      return encoding
    }
    walk.report('unsupported', `The layer is compressed with ${encoding}, which OCI images do not use`)
    return undefined
  }

  /** Another thread hashes what is walked here. */
  async #readPlainRegion(region: FileRegion, walk: LayerWalk, asked: Asked): Promise<boolean> {
    const mark = contentMark(region.fd)
    const hashing = this.#known!.make(mark, this.#check.algorithms, asked.signal)
    try {
      const failed = await walkRegion(region, walk, count => {
        asked.signal?.throwIfAborted()
        this.#storedBytes += count
        return this.#counts(count, walk, region.size)
      })
      return await this.#verify({ region, mark, failed: failed?.error, hashing: () => hashing }, walk, asked)
    } finally {
      hashing.stop()
      await hashing.result
    }
  }

  /** Hashed when all is inflated: meanwhile the packages of the image are looked up, if it was the last layer. */
  async #inflateRegion(region: FileRegion, encoding: 'gzip' | 'zstd', walk: LayerWalk, asked: Asked): Promise<boolean> {
    const mark = contentMark(region.fd)
    const { algorithms } = this.#check
    const begun = algorithms.length > 0 ? new BegunHash(region, algorithms) : undefined
    const { fault, error } = await inflatePart(encoding, region, {
      take: (piece, read) => {
        this.#storedBytes = read
        return this.#take(piece, walk, region.size)
      },
      ...(begun && { begun }),
      signal: asked.signal,
    })
    const hashing = () => this.#known!.make(mark, algorithms, asked.signal, begun)
    return await this.#verify({ region, mark, trouble: fault, failed: error, hashing }, walk, asked)
  }

  /** What was walked is hashed as well: both read what the file says, which must not change meanwhile. */
  async #verify(
    { region, mark, trouble, failed, hashing }: WalkedRegion,
    walk: LayerWalk,
    { visitor, signal }: Asked,
  ): Promise<boolean> {
    const fault: Fault = {}
    if (failed !== undefined) this.#refuse(failed, walk, fault, signal)
    if (trouble === undefined && fault.code === undefined && !walk.isFull) {
      visitor.shown?.()
      const hashed = await hashing().result
      if ('error' in hashed) this.#refuse(hashed.error, walk, fault, signal)
      else if (contentMark(region.fd) !== mark) this.#refuse(new Error('it was changed meanwhile'), walk, fault, signal)
      else {
        this.#check.takeMade(hashed.digest.hex)
        this.#storedBytes = hashed.digest.bytes
      }
    }
    return this.#finish(walk, trouble, fault)
  }

  async #readPlain(bytes: AsyncGenerator<Uint8Array>, walk: LayerWalk, fault: Fault) {
    let isWanted = true
    for await (const chunk of this.#hashed(bytes)) {
      isWanted = this.#take(chunk, walk)
      if (!isWanted) break
    }
    return this.#finish(walk, undefined, isWanted ? fault : { code: 'limit' })
  }

  #finish(walk: LayerWalk, trouble: InflateFault | undefined, fault: Fault): boolean {
    if (trouble !== undefined) walk.report(trouble.code, trouble.detail)
    const isWhole = trouble === undefined && fault.code === undefined && !walk.isFull
    walk.end(isWhole)
    return isWhole
  }

  /** The stored bytes, counted and told as progress; an error of the transport ends them. */
  async *#count(blob: Blob, walk: LayerWalk, fault: Fault, signal?: AbortSignal) {
    try {
      for await (const chunk of blob.stream(signal)) {
        signal?.throwIfAborted()
        this.#storedBytes += chunk.length
        yield chunk
        this.#tell(blob.size)
      }
    } catch (error) {
      this.#refuse(error, walk, fault, signal)
    }
  }

  /** An error of the transport is a problem of the layer, unless it says itself what it is. */
  #refuse(error: unknown, walk: LayerWalk, fault: Fault, signal?: AbortSignal): void {
    if (error instanceof Failure || signal?.aborted) throw error
    fault.code = 'unreadable'
    walk.report('unreadable', `The layer could not be read: ${error instanceof Error ? error.message : error}`)
  }

  #tell(total: number | undefined): void {
    const id = this.#claim.diffId ?? this.#claim.digest ?? this.#options.label ?? 'layer'
    this.#options.progress?.({ id, label: this.#options.label ?? 'layer', done: this.#storedBytes, total })
  }

  async *#hashed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.#check.takeStored(chunk)
      yield chunk
    }
  }

  /** Uncompressed bytes: hashed and walked; false where the layer is above its limit. */
  #take(bytes: Uint8Array, walk: LayerWalk, total?: number): boolean {
    if (!this.#counts(bytes.length, walk, total)) return false
    this.#check.takePlain(bytes)
    walk.push(bytes)
    return true
  }

  /** Uncompressed bytes that are about to be walked or passed over; false where the layer is above its limit. */
  #counts(count: number, walk: LayerWalk, total?: number): boolean {
    this.#plainBytes += count
    const excess = this.#excess(count)
    if (excess !== undefined) walk.fill(excess)
    if (total !== undefined) this.#tell(total)
    return excess === undefined
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
}

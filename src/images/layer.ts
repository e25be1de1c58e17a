import { contentMark } from '#io/file.ts'
import { hashPart } from '#io/hash-pool.ts'
import { encodingOf, type InflateFault, inflate } from '#io/inflate.ts'
import { Failure } from '#lib/failure.ts'
import { isTarStart } from '#lib/tar-header.ts'
import { type Limits, limitDetail, limitsWith } from '#model/limits.ts'
import type { Blob, FileRegion, LayerClaim, LayerOptions } from './blob.ts'
import { isBomb, openBudget, type TargetBudget } from './budget.ts'
import { algorithmOf, digestHash } from './digest.ts'
import { LayerWalk } from './layer-walk.ts'
import { peek } from './peek.ts'
import { isPlainTar, walkRegion } from './region-walk.ts'
import type { LayerEnd, LayerSource, LayerVisitor } from './types.ts'

/** Enough to tell compression and tar apart. */
const headBytes = 512

/**
 * A layer of which a transport gives the bytes: gzip, zstd or plain tar, told by content whatever the media type
 * claims. One pass inflates, hashes, walks and hands out bodies; plain tar in an open file is walked where it lies and
 * hashed beside that. What the claim promises is verified: the diffID
 * always, the digest of the stored bytes where it is given and is not the diffID. Without a blob the layer is `missing`.
 */
export function openLayer(blob: Blob | undefined, claim: LayerClaim, options: LayerOptions): LayerSource {
  const known = new Map<string, Promise<Digests>>()
  const walk = async (visitor: LayerVisitor, signal?: AbortSignal): Promise<LayerEnd> => {
    const pass = new LayerPass({ blob, claim, known }, options)
    return await pass.run(visitor, signal)
  }
  return claim.diffId === undefined ? { walk } : { diffId: claim.diffId, walk }
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

/** Digests of a layer's file, and how many bytes it had. */
interface Digests {
  readonly diffId: string
  readonly stored: string
  readonly bytes: number
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
  /** By the mark of the file's content: shared by all walks over the layer. */
  readonly #known: Map<string, Promise<Digests>>
  /** Digests that were made beside the walk. */
  #made: Digests | undefined
  #storedBytes = 0
  #plainBytes = 0
  /** Of the stored bytes, those that the target's budget knows of. */
  #budgeted = 0

  constructor(
    { blob, claim, known }: { blob: Blob | undefined; claim: LayerClaim; known: Map<string, Promise<Digests>> },
    options: LayerOptions,
  ) {
    this.#blob = blob
    this.#claim = claim
    this.#known = known
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
      const isWhole = await this.#read(blob, walk, { visitor, signal })
      const diffId = isWhole ? (this.#made?.diffId ?? this.#diffHash.digest()) : undefined
      this.#verify(walk, diffId)
      return diffId === undefined ? { problems: walk.problems() } : { diffId, problems: walk.problems() }
    } finally {
      walk.close()
    }
  }

  /** Reads the layer; false where it was not read to its end. */
  async #read(blob: Blob, walk: LayerWalk, asked: Asked): Promise<boolean> {
    const { signal } = asked
    if (blob.region !== undefined && isPlainTar(blob.region)) return await this.#readInPlace(blob.region, walk, asked)
    const fault: Fault = {}
    const { head, bytes } = await peek(this.#count(blob, walk, fault, signal), headBytes)
    const encoding = encodingOf(head)
    if (encoding === 'plain' && !isTarStart(head)) {
      walk.report('unreadable', 'The layer is no tar archive')
      await bytes.return(undefined)
      return false
    }
    if (encoding === 'plain') return await this.#readPlain(bytes, walk, fault)
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

  /** A second thread hashes what this one walks; both read what the file says, which must not change meanwhile. */
  async #readInPlace(region: FileRegion, walk: LayerWalk, { visitor, signal }: Asked): Promise<boolean> {
    const fault: Fault = {}
    const mark = contentMark(region.fd)
    const ending = new AbortController()
    const signals = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
    const hashing = this.#hashRegion(region, mark, signals).then(
      made => ({ made }),
      (error: unknown) => ({ error }),
    )
    try {
      const failed = await walkRegion(region, walk, count => this.#pass(count, region.size, { walk, signal }))
      if (failed !== undefined) this.#refuse(failed.error, walk, fault, signal)
      if (fault.code !== undefined || walk.isFull) return this.#finish(walk, undefined, fault)
      visitor.shown?.()
      const hashed = await hashing
      if ('error' in hashed) this.#refuse(hashed.error, walk, fault, signal)
      else if (contentMark(region.fd) === mark) this.#made = hashed.made
      else this.#refuse(new Error('it was changed meanwhile'), walk, fault, signal)
      return this.#finish(walk, undefined, fault)
    } finally {
      ending.abort()
      await hashing
    }
  }

  /** Digests of a layer's file, which a second walk need not make again. */
  #hashRegion(region: FileRegion, mark: string, signal: AbortSignal): Promise<Digests> {
    const known = this.#known.get(mark)
    if (known !== undefined) return known
    const [plain, stored] = [this.#claim.diffId, this.#claim.digest].map(like => algorithmOf(like ?? 'sha256:'))
    const algorithms = [...new Set([plain!, stored!])]
    const making = hashPart(region, algorithms, signal).then(({ hex, bytes }): Digests => {
      const digestBy = (name: 'sha256' | 'sha512') => `${name}:${hex[algorithms.indexOf(name)]}`
      return { diffId: digestBy(plain!), stored: digestBy(stored!), bytes }
    })
    this.#known.set(mark, making)
    making.catch(() => this.#known.delete(mark))
    return making
  }

  /** Bytes of a file that are about to be walked or passed over; false where the layer is above its limit. */
  #pass(
    count: number,
    total: number,
    { walk, signal }: { readonly walk: LayerWalk; readonly signal?: AbortSignal },
  ): boolean {
    signal?.throwIfAborted()
    this.#storedBytes += count
    this.#plainBytes += count
    const excess = this.#excess(count)
    if (excess !== undefined) walk.fill(excess)
    this.#tell(total)
    return excess === undefined
  }

  async #readPlain(bytes: AsyncGenerator<Uint8Array>, walk: LayerWalk, fault: Fault) {
    const stored = this.#claim.digest
    const isOther = stored !== undefined && algorithmOf(stored) !== algorithmOf(this.#claim.diffId ?? 'sha256:')
    if (isOther) this.#storedHash = digestHash(stored)
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
    const stored = this.#made?.stored ?? this.#storedHash?.digest() ?? diffId
    const isStoredAsClaimed = digest === undefined || digest === stored
    if (!isStoredAsClaimed) walk.report('digest-mismatch', `The layer's bytes have the digest ${stored}, not ${digest}`)
    else if (digest !== undefined && size !== undefined && size !== (this.#made?.bytes ?? this.#storedBytes)) {
      walk.report(
        'digest-mismatch',
        `The layer has ${this.#made?.bytes ?? this.#storedBytes} bytes; its manifest says ${size}`,
      )
    }
    if (this.#claim.diffId !== undefined && this.#claim.diffId !== diffId) {
      walk.report('digest-mismatch', `The layer's diffID is ${diffId}, not ${this.#claim.diffId}`)
    }
  }
}

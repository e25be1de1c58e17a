import { decodeFileNameField } from './file-name.ts'
import { isZeroBlock, numberField, readTarHeader, type TarHeader, tarBlock } from './tar-header.ts'
import {
  buildMember,
  changesMembers,
  hasBodyMap,
  noPending,
  type PendingHeaders,
  type SparseMap,
  storedSize,
  type TarMember,
} from './tar-member.ts'
import { noPax, readPaxHeader } from './tar-pax.ts'
import { BodySparseMap, blockSparseMap, type SparseExtent } from './tar-sparse.ts'

/** What is wrong with an archive. */
export interface TarFault {
  readonly code: 'unreadable' | 'truncated' | 'limit' | 'unsupported'
  readonly detail: string
  /** The member that it concerns, as written. */
  readonly name?: string
  /** True where the archive has more members than it may. */
  readonly isCrowded?: boolean
}

/** Who is told what a `TarParser` finds. Called synchronously. */
export interface TarSink {
  /**
   * Every member. True where its stored body is wanted; `in-place` where the sink can read it where it lies: then `done`
   * is told, and `data` is not.
   */
  readonly member: (member: TarMember) => boolean | 'in-place'
  /** A piece of the wanted body; valid only during the call, and during that of `done` if it is all of the body. */
  readonly data: (bytes: Uint8Array) => void
  /** The wanted body is complete. */
  readonly done: (member: TarMember) => void
  readonly fault: (fault: TarFault) => void
}

/** Bounds of one archive. */
export interface TarLimits {
  readonly members: number
  /** Bytes of one extended header or long name. */
  readonly metadata: number
}

/** Far above real archives. */
const tarLimits: TarLimits = { members: 2_000_000, metadata: 2 ** 20 }

type State = 'header' | 'metadata' | 'extension' | 'map' | 'body' | 'padding' | 'end' | 'stopped'

/**
 * Reads a tar archive that is pushed in pieces of any size: ustar, PAX, GNU long names, all four GNU sparse formats.
 * Constant memory, linear time. Never throws on damaged bytes: the sink gets a fault, and where the position of the
 * next header is lost nothing more is read. As in the container runtimes, two zero blocks end the archive and global
 * PAX headers do not change members; what the runtimes would not see is a fault when it looks like members.
 */
export class TarParser {
  readonly #sink: TarSink
  readonly #limits: TarLimits
  readonly #block = new Uint8Array(tarBlock)
  #filled = 0
  #state: State = 'header'
  /** Bytes from the start of the archive. */
  #position = 0
  /** Bytes left of the metadata or body, then of the padding. */
  #left = 0
  #padding = 0
  #members = 0
  #zeroBlocks = 0
  #pending: PendingHeaders = noPending
  #header: TarHeader | undefined
  #metadata = new Uint8Array(0)
  #extents: SparseExtent[] = []
  #map: BodySparseMap | undefined
  #member: TarMember | undefined
  #wanted: boolean | 'in-place' = false

  constructor(sink: TarSink, limits: Partial<TarLimits> = {}) {
    this.#sink = sink
    this.#limits = { ...tarLimits, ...limits }
  }

  /** Bytes that come next and that nobody wants to be given: a caller with random access may `skip` them. */
  get skippable(): number {
    if (this.#state === 'padding' || (this.#state === 'body' && this.#wanted !== true)) return this.#left
    return 0
  }

  /** True where nothing that follows will be looked at. */
  get stopped(): boolean {
    return this.#state === 'stopped'
  }

  /** True after the two zero blocks that end an archive. */
  get ended(): boolean {
    return this.#state === 'end'
  }

  /** Passes over `count` bytes, at most `skippable`. */
  skip(count: number): void {
    if (count <= 0) return
    this.#position += count
    this.#left -= count
    if (this.#left === 0) this.#advance()
  }

  /** Takes the next bytes. */
  push(chunk: Uint8Array): void {
    let offset = 0
    while (offset < chunk.length && this.#state !== 'stopped') {
      const state = this.#state
      if (state === 'body' || state === 'padding' || state === 'metadata') {
        const count = Math.min(this.#left, chunk.length - offset)
        if (this.skippable > 0) this.skip(count)
        else this.#take(chunk.subarray(offset, offset + count))
        offset += count
      } else offset += this.#gather(chunk, offset)
    }
  }

  /** No more bytes will come. */
  end(): void {
    const inside = this.#state !== 'header' && this.#state !== 'end' && this.#state !== 'padding'
    const isShort = this.#filled > 0 && this.#state === 'header'
    const { pax, longName, longLink } = this.#pending
    const announced = pax !== noPax || longName !== undefined || longLink !== undefined
    if (this.#state === 'stopped') return
    if (inside || isShort || announced) this.#stop('truncated', 'the archive ends inside a member')
    this.#state = 'stopped'
  }

  #stop(code: TarFault['code'], detail: string, isCrowded = false): void {
    const name = this.#member?.name ?? this.#header?.name
    const fault = isCrowded ? { code, detail, isCrowded } : { code, detail }
    this.#sink.fault(name === undefined ? fault : { ...fault, name })
    this.#state = 'stopped'
  }

  /** Consumes bytes of a wanted body or of metadata. */
  #take(bytes: Uint8Array): void {
    if (this.#state === 'body') this.#sink.data(bytes)
    else this.#metadata.set(bytes, this.#metadata.length - this.#left)
    this.skip(bytes.length)
  }

  /** Collects one block and handles it; returns how many bytes of the chunk it took. */
  #gather(chunk: Uint8Array, offset: number): number {
    const count = Math.min(tarBlock - this.#filled, chunk.length - offset)
    this.#position += count
    if (count === tarBlock) {
      if (this.#state === 'header') this.#onHeader(chunk, offset)
      else this.#handle(chunk.subarray(offset, offset + tarBlock))
      return count
    }
    this.#block.set(chunk.subarray(offset, offset + count), this.#filled)
    this.#filled += count
    if (this.#filled === tarBlock) {
      this.#filled = 0
      this.#handle(this.#block)
    }
    return count
  }

  #handle(block: Uint8Array): void {
    if (this.#state === 'extension') this.#onExtension(block)
    else if (this.#state === 'map') this.#onMap(block)
    else if (this.#state === 'end') this.#onTrailer(block)
    else this.#onHeader(block, 0)
  }

  /** The block that begins at `at`: most blocks are headers, and lie in the chunk. */
  #onHeader(bytes: Uint8Array, at: number) {
    if (bytes[at] === 0 && isZeroBlock(bytes, at)) {
      if (++this.#zeroBlocks === 2) this.#state = 'end'
      return
    }
    this.#header = undefined
    this.#member = undefined
    const header = readTarHeader(bytes, at)
    if (header === undefined) return this.#stop('unreadable', 'a member header has a wrong checksum')
    if (this.#zeroBlocks > 0) {
      this.#sink.fault({ code: 'unreadable', detail: 'a single zero block between members', name: header.name })
    }
    this.#zeroBlocks = 0
    this.#header = header
    if (header.size === undefined) return this.#stop('unreadable', 'a member header has a size that is no number')
    if ('xgLK'.includes(header.type)) return this.#expectMetadata(header.size)
    if (header.type === 'S') return this.#onOldSparse(bytes.subarray(at, at + tarBlock))
    this.#onMember(header, header.size)
  }

  /** After the end: zeros are padding; a header means members that runtimes do not unpack. */
  #onTrailer(block: Uint8Array): void {
    if (isZeroBlock(block)) return
    if (readTarHeader(block) !== undefined) {
      this.#stop('unsupported', 'another archive follows the end of this one; container runtimes do not unpack it')
    }
    this.#state = 'stopped'
  }

  #expectMetadata(size: number) {
    if (size > this.#limits.metadata) {
      return this.#stop('limit', `an extended header of ${size} bytes is above the limit of ${this.#limits.metadata}`)
    }
    this.#metadata = new Uint8Array(size)
    this.#enter('metadata', size)
  }

  #onMetadata(): void {
    const type = this.#header?.type
    if (type === 'L') this.#pending = { ...this.#pending, longName: decodeFileNameField(this.#metadata) }
    else if (type === 'K') this.#pending = { ...this.#pending, longLink: decodeFileNameField(this.#metadata) }
    else {
      const { header, damaged } = readPaxHeader(this.#metadata)
      if (damaged) this.#sink.fault({ code: 'unreadable', detail: 'a PAX extended header is damaged' })
      if (type === 'x') this.#pending = { ...this.#pending, pax: header }
      else if (changesMembers(header)) {
        const detail = 'a global PAX header sets names or sizes, which container runtimes ignore'
        this.#sink.fault({ code: 'unsupported', detail })
      }
    }
    this.#metadata = new Uint8Array(0)
  }

  #onOldSparse(block: Uint8Array) {
    const extents = blockSparseMap(block, 386, 4)
    const size = numberField(block, 483, 12)
    if (extents === undefined || size === undefined) return this.#stop('unreadable', 'a sparse map is damaged')
    this.#extents = extents
    this.#pending = { ...this.#pending, oldSparse: { extents, size } }
    if (block[482] !== 0) this.#state = 'extension'
    else this.#onMember(this.#header!, this.#header!.size!)
  }

  #onExtension(block: Uint8Array) {
    const extents = blockSparseMap(block, 0, 21)
    if (extents === undefined) return this.#stop('unreadable', 'a sparse map is damaged')
    this.#extents.push(...extents)
    if (this.#extents.length * 24 > this.#limits.metadata || (extents.length === 0 && block[504] !== 0)) {
      return this.#stop('limit', 'a sparse map is above the limit')
    }
    if (block[504] !== 0) return
    this.#state = 'header'
    this.#onMember(this.#header!, this.#header!.size!)
  }

  /** A header that is not metadata: the member, or first the sparse map in its body. */
  #onMember(header: TarHeader, size: number) {
    const stored = storedSize(this.#pending, size)
    if (stored === undefined) return this.#stop('unreadable', 'a PAX size is no number')
    if (++this.#members > this.#limits.members) {
      return this.#stop('limit', `more than ${this.#limits.members} members`, true)
    }
    if (!hasBodyMap(this.#pending, header, stored)) return this.#show(header, stored)
    this.#left = stored
    this.#map = new BodySparseMap()
    this.#state = 'map'
  }

  /** A block of a sparse map in the body; the body proper follows it. */
  #onMap(block: Uint8Array) {
    const extents = this.#map!.add(block)
    this.#left -= Math.min(this.#left, tarBlock)
    if (extents === 'more' && this.#left > 0) return
    if (extents === undefined || extents === 'more') return this.#stop('unreadable', 'a sparse map is damaged')
    this.#show(this.#header!, this.#left, { extents, size: undefined })
  }

  #show(header: TarHeader, stored: number, sparse?: SparseMap): void {
    const { member, fault } = buildMember(header, this.#pending, { stored, offset: this.#position, sparse })
    if (fault !== undefined) this.#sink.fault({ ...fault, name: member.name })
    this.#member = member
    this.#pending = noPending
    const wanted = this.#sink.member(member)
    this.#wanted = fault === undefined && wanted
    this.#enter('body', member.stored)
  }

  #enter(state: 'metadata' | 'body', size: number): void {
    this.#state = state
    this.#left = size
    this.#padding = (tarBlock - (size % tarBlock)) % tarBlock
    if (size === 0) this.#advance()
  }

  /** What was being read is complete: go on to its padding, or to the next header. */
  #advance(): void {
    const state = this.#state
    if (state === 'metadata') this.#onMetadata()
    if (state === 'body' && this.#wanted !== false && this.#member !== undefined) this.#sink.done(this.#member)
    this.#wanted = false
    if (state !== 'padding' && this.#padding > 0) {
      this.#state = 'padding'
      this.#left = this.#padding
    } else this.#state = 'header'
  }
}

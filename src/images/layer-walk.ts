import { type TarFault, TarParser } from '#lib/tar.ts'
import type { TarMember } from '#lib/tar-member.ts'
import { type Limits, limitDetail, limitsWith } from '#model/limits.ts'
import type { Problem, ProblemCode } from '#model/problem.ts'
import type { LayerOptions } from './blob.ts'
import { type Body, BodyMemory, type PlacedBytes, placedBody, spooledBody, walkedFile } from './layer-body.ts'
import { placeEntry } from './layer-entry.ts'
import type { LayerVisitor, TreeEntry } from './types.ts'

/** Problems of one layer above this many are counted, not listed. */
const maxProblems = 100

/** Turns the uncompressed bytes of one layer into entries and bodies for a visitor. */
export class LayerWalk {
  readonly #visitor: LayerVisitor
  readonly #temporary: string
  readonly #limits: Limits
  readonly #layer: string | undefined
  readonly #parser: TarParser
  readonly #problems: Problem[] = []
  #unlisted = 0
  #place: PlacedBytes | undefined
  #memory: BodyMemory | undefined
  #entry: TreeEntry | undefined
  #body: Body | undefined
  #isFull = false

  constructor(visitor: LayerVisitor, options: LayerOptions, layer: string | undefined) {
    this.#visitor = visitor
    this.#temporary = options.temporary
    this.#limits = limitsWith(options.limits ?? {})
    this.#layer = layer
    const sink = {
      member: (member: TarMember) => this.#onMember(member),
      data: (bytes: Uint8Array) => this.#onData(bytes),
      done: (member: TarMember) => this.#onDone(member),
      fault: (fault: TarFault) => this.#onFault(fault),
    }
    this.#parser = new TarParser(sink, { members: this.#limits['layer-entries'] })
  }

  /** The layer's bytes are uncompressed in a file: bodies are read there, nothing is kept. */
  readInPlace(place: PlacedBytes): void {
    this.#place = place
  }

  push(bytes: Uint8Array): void {
    this.#parser.push(bytes)
  }

  /** Bytes that come next and need not be pushed: they may be passed over, in pieces or at once. */
  get skippable(): number {
    return this.#parser.skippable
  }

  skip(count: number): void {
    this.#parser.skip(count)
  }

  /** True where nothing that follows will be looked at. */
  get isOver(): boolean {
    return this.#parser.stopped
  }

  /** No more bytes come; a layer that was cut short for another reason is not also called truncated. */
  end(isWhole: boolean): void {
    if (isWhole) this.#parser.end()
  }

  /** The layer is above its limit: what follows is not looked at. */
  fill(detail: string): void {
    this.#isFull = true
    this.report('limit', detail)
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** Gives back what a body that did not end has taken. */
  close(): void {
    this.#body?.close()
    this.#body = undefined
  }

  report(code: ProblemCode, detail: string, path = ''): void {
    if (this.#problems.length === maxProblems) {
      this.#unlisted++
      return
    }
    const isPlaced = this.#layer !== undefined || path !== ''
    const location = this.#layer === undefined ? { path } : { layer: this.#layer, path }
    this.#problems.push(isPlaced ? { code, detail, location } : { code, detail })
  }

  problems(): readonly Problem[] {
    if (this.#unlisted === 0) return this.#problems
    return [...this.#problems, { code: 'unreadable', detail: `${this.#unlisted} more problems in this layer` }]
  }

  #onMember(member: TarMember): boolean | 'in-place' {
    this.close()
    const entry = placeEntry(member)
    if (entry === undefined) return false
    if ('refused' in entry) {
      this.report('unreadable', entry.refused, member.name.slice(0, 4096))
      return false
    }
    const isWanted = this.#visitor.entry(entry) && entry.kind === 'file'
    if (!isWanted) return false
    // A sparse file of a few bytes may be as long as it likes.
    if (Math.max(member.stored, member.size) > this.#limits['file-bytes']) {
      this.report('limit', limitDetail('The file is too large', 'file-bytes', this.#limits), entry.path)
      return false
    }
    this.#entry = entry
    this.#body = this.#bodyFor(member)
    return this.#place === undefined ? true : 'in-place'
  }

  #bodyFor(member: TarMember): Body {
    if (this.#place !== undefined) return placedBody(this.#place, member.offset, member.stored)
    if (member.stored > this.#limits['memory-bytes']) return spooledBody(this.#temporary)
    this.#memory ??= new BodyMemory()
    return this.#memory.body(member.stored)
  }

  #onData(bytes: Uint8Array): void {
    try {
      this.#body?.append(bytes)
    } catch (error) {
      this.close()
      const detail = `The file could not be kept for reading: ${error instanceof Error ? error.message : error}`
      this.report('limit', detail, this.#entry?.path)
    }
  }

  #onDone(member: TarMember): void {
    const body = this.#body
    const entry = this.#entry
    if (body === undefined || entry === undefined) return
    try {
      this.#visitor.file(
        entry,
        walkedFile(entry, body, { sparse: member.sparse, documentBytes: this.#limits['document-bytes'] }),
      )
    } finally {
      this.close()
    }
  }

  #onFault(fault: TarFault): void {
    const detail = fault.isCrowded
      ? limitDetail('The layer has too many files', 'layer-entries', this.#limits)
      : fault.detail.charAt(0).toUpperCase() + fault.detail.slice(1)
    this.report(fault.code, detail, fault.name)
  }
}

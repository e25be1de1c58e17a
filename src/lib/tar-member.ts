import { decodeFileName } from './file-name.ts'
import type { TarHeader } from './tar-header.ts'
import { decimal, noPax, type PaxHeader } from './tar-pax.ts'
import { isSparseMap, paxSparseMap, type SparseExtent } from './tar-sparse.ts'

/** One member of an archive, with everything that extended headers say of it. */
export interface TarMember {
  /** As written: may be absolute, hold `..` or end in `/`. */
  readonly name: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  /** Bytes of the file: for a sparse one more than the archive holds. */
  readonly size: number
  /** Where the stored body starts, in bytes from the start of the archive, and how long it is. */
  readonly offset: number
  readonly stored: number
  /** Permission bits. */
  readonly mode: number
  readonly linkName: string
  /** Runs that the stored body is made of, one after another; absent for a file that is not sparse. */
  readonly sparse?: readonly SparseExtent[]
}

/** What extended headers have said so far of the member to come. */
export interface PendingHeaders {
  readonly pax: PaxHeader
  readonly longName?: string
  readonly longLink?: string
  /** From an old GNU header of type `S`. */
  readonly oldSparse?: SparseMap
}

/** Nothing, as of most members: what is asked for each of them costs little then. */
export const noPending: PendingHeaders = { pax: noPax }

/** Where a sparse file's bytes go; `size` is the file's where the map itself says it. */
export interface SparseMap {
  readonly extents: readonly SparseExtent[] | undefined
  readonly size: number | undefined
}

/** Kinds by type flag; what is in no list is `other`. */
const kinds: ReadonlyMap<string, TarMember['kind']> = new Map([
  ['0', 'file'],
  ['\0', 'file'],
  ['7', 'file'],
  ['S', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['5', 'directory'],
])

/** Devices and pipes, and GNU's and star's additions, which hold nothing that a runtime would unpack. */
const silent = '346DIVMNX'

/** Types that have no body, whatever their size field says, as in Go's `archive/tar`. */
const bodiless = '123456'

interface MemberFault {
  readonly code: 'unreadable' | 'unsupported'
  readonly detail: string
}

const damagedMap: MemberFault = { code: 'unreadable', detail: 'a sparse map is damaged' }
const unknownType: MemberFault = { code: 'unsupported', detail: 'an entry of a type that is not known' }

/** Bytes of the body in the archive, the PAX size before the header's; undefined where that is no number. */
export function storedSize(pending: PendingHeaders, size: number): number | undefined {
  if (pending === noPending) return size
  const value = recordOf(pending.pax, 'size')
  return value === undefined ? size : decimal(value)
}

/** True where the body begins with a sparse map (GNU sparse 1.0). */
export function hasBodyMap(pending: PendingHeaders, header: TarHeader, stored: number): boolean {
  if (pending === noPending) return false
  return stored > 0 && kinds.get(header.type) === 'file' && header.type !== 'S' && sparseVersion(pending.pax) === '1.0'
}

/**
 * The member that a header and the extended headers before it describe, in the order of precedence of Go's
 * `archive/tar`. A `fault` where it is sparse and its map does not hold, or of a type that nobody has defined, which
 * runtimes refuse and other tools unpack as a file: its body must not be read.
 */
export function buildMember(
  header: TarHeader,
  pending: PendingHeaders,
  body: { readonly stored: number; readonly offset: number; readonly sparse?: SparseMap },
): { member: TarMember; fault?: MemberFault } {
  const plain = pending === noPending ? plainMember(header, body) : undefined
  if (plain !== undefined) return { member: plain }
  const isFile = kinds.get(header.type) === 'file'
  const version = isFile && header.type !== 'S' ? sparseVersion(pending.pax) : undefined
  const sparseName = version === undefined ? undefined : textOf(pending.pax, 'GNU.sparse.name')
  const name = sparseName ?? pending.longName ?? textOf(pending.pax, 'path') ?? header.name
  const linkName = pending.longLink ?? textOf(pending.pax, 'linkpath') ?? header.linkName
  const isFolder = header.type === '\0' && name.endsWith('/')
  const kind = isFolder ? 'directory' : (kinds.get(header.type) ?? 'other')
  const stored = bodiless.includes(header.type) ? 0 : body.stored
  const member: TarMember = { name, kind, size: stored, offset: body.offset, stored, mode: header.mode, linkName }
  if (kind === 'other' && !silent.includes(header.type)) return { member, fault: unknownType }
  if (header.type !== 'S' && version === undefined) return { member }
  const sparse = body.sparse ?? pending.oldSparse ?? { extents: paxSparseMap(pending.pax), size: undefined }
  const size = sparse.size ?? paxFileSize(pending.pax) ?? stored
  const extents = sparse.extents
  if (extents === undefined || !isSparseMap(extents, size, stored)) return { member, fault: damagedMap }
  return { member: { ...member, size, sparse: extents } }
}

/** The same of a header that no other one came before, for the types that nearly all members have. */
function plainMember(
  { name, type, mode, linkName }: TarHeader,
  { stored, offset }: { readonly stored: number; readonly offset: number },
): TarMember | undefined {
  if (type === '0') return { name, kind: 'file', size: stored, offset, stored, mode, linkName }
  const kind = type === '5' ? 'directory' : type === '2' ? 'symlink' : type === '1' ? 'hardlink' : undefined
  return kind && { name, kind, size: 0, offset, stored: 0, mode, linkName }
}

/** True for a header that changes where or what a member is. */
export function changesMembers(pax: PaxHeader): boolean {
  const keys = ['path', 'linkpath', 'size']
  return keys.some(key => recordOf(pax, key) !== undefined) || sparseVersion(pax) !== undefined
}

/** Which GNU sparse format the records announce; 0.0 and 0.1 have the same meaning here. */
function sparseVersion(pax: PaxHeader): '0.x' | '1.0' | undefined {
  if (pax === noPax) return undefined
  const major = textOf(pax, 'GNU.sparse.major')
  const minor = textOf(pax, 'GNU.sparse.minor')
  if (major === '1' && minor === '0') return '1.0'
  if (major === '0' && (minor === '0' || minor === '1')) return '0.x'
  if (major !== undefined || minor !== undefined) return undefined
  return pax.values.has('GNU.sparse.map') || pax.sparsePairs.length > 0 ? '0.x' : undefined
}

function paxFileSize(pax: PaxHeader): number | undefined {
  const value = recordOf(pax, 'GNU.sparse.size') ?? recordOf(pax, 'GNU.sparse.realsize')
  return value === undefined ? undefined : decimal(value)
}

/** A record's value as text. */
function textOf(pax: PaxHeader, key: string): string | undefined {
  const value = recordOf(pax, key)
  return value === undefined ? undefined : decodeFileName(value)
}

/** An empty value takes the record back. */
function recordOf(pax: PaxHeader, key: string): Uint8Array | undefined {
  const value = pax === noPax ? undefined : pax.values.get(key)
  return value === undefined || value.length === 0 ? undefined : value
}

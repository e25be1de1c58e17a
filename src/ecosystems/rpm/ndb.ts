import type { FileHandle, FileProblem } from '#ecosystems/types.ts'
import { asProblem, Damage } from './damage.ts'
import { maxHeaderBytes } from './header.ts'
import { type ReadAt, viewOf, windowed } from './window.ts'

/** The four letters of each part, as little-endian numbers. */
const magics = { file: 0x506d7052, slot: 0x746f6c53, blobStart: 0x53626c42, blobEnd: 0x45626c42 }

const pageSize = 4096
const slotSize = 16
const blockSize = 16

/** The file's own header takes the place of the first two slots. */
const fileHeader = 32

/** Bytes before and after a blob. */
const blobHead = 16
const blobTail = 12

interface Slot {
  readonly index: number
  readonly offset: number
  /** Bytes set aside, head and tail included. */
  readonly space: number
}

/** True where the file begins as an NDB package database does. */
export function isNdb(head: Uint8Array): boolean {
  return head.length >= 4 && viewOf(head).getUint32(0, true) === magics.file
}

/**
 * The header blobs of an NDB `Packages.db` (SUSE), and a problem for each that could not be read. The layout is that of
 * https://github.com/rpm-software-management/rpm/blob/master/lib/backend/ndb/rpmpkg.cc. Throws `Damage` where the file's
 * own header makes no sense.
 */
export function* readNdb(file: FileHandle): Generator<Uint8Array | FileProblem> {
  const read = windowed(file)
  const head = read(0, fileHeader)
  if (!isNdb(head)) throw new Damage('unsupported', 'The file is not an NDB database')
  if (head.length < fileHeader) throw new Damage('truncated', 'The database is shorter than its header')
  const view = viewOf(head)
  const version = view.getUint32(4, true)
  if (version !== 0) throw new Damage('unsupported', `NDB version ${version} is not known`)
  const slotBytes = view.getUint32(12, true) * pageSize
  if (slotBytes > file.size) yield { code: 'truncated', detail: 'The database ends within its list of packages' }
  // Blobs do not overlap, so together they cannot be larger than the file: a hostile list is cut short here.
  let budget = file.size
  for (let at = fileHeader; at + slotSize <= Math.min(slotBytes, file.size); at += slotSize) {
    try {
      const slot = readSlot(viewOf(read(at, slotSize)))
      if (slot === undefined) continue
      budget -= slot.space
      if (budget < 0) throw new Damage('limit', 'The packages of the list are together larger than the file')
      yield readBlob(read, slot)
    } catch (error) {
      yield asProblem(error)
      if (budget < 0) return
    }
  }
}

/** One place of the list; undefined where it is free. */
function readSlot(view: DataView): Slot | undefined {
  if (view.getUint32(0, true) !== magics.slot)
    throw new Damage('unreadable', 'A place in the list is not marked as one')
  const offset = view.getUint32(8, true) * blockSize
  if (offset === 0) return undefined
  return { index: view.getUint32(4, true), offset, space: view.getUint32(12, true) * blockSize }
}

function readBlob(read: ReadAt, slot: Slot): Uint8Array {
  const head = read(slot.offset, blobHead)
  if (head.length < blobHead) throw new Damage('truncated', 'A package lies past the end of the database')
  const view = viewOf(head)
  if (view.getUint32(0, true) !== magics.blobStart || view.getUint32(4, true) !== slot.index)
    throw new Damage('unreadable', `Package ${slot.index} is not where the list says`)
  const length = view.getUint32(12, true)
  if (length > maxHeaderBytes) throw new Damage('limit', `A header of ${length} bytes is larger than ${maxHeaderBytes}`)
  if (length + blobHead + blobTail > slot.space)
    throw new Damage('unreadable', `Package ${slot.index} is larger than its place`)
  const blob = read(slot.offset + blobHead, length)
  const tail = read(slot.offset + slot.space - blobTail, blobTail)
  if (blob.length < length || tail.length < blobTail) throw new Damage('truncated', `Package ${slot.index} is cut off`)
  const tailView = viewOf(tail)
  if (tailView.getUint32(8, true) !== magics.blobEnd || tailView.getUint32(4, true) !== length)
    throw new Damage('unreadable', `Package ${slot.index} does not end where it should`)
  return blob
}

import { readAt } from '#io/file.ts'
import { inflateRaw } from '#io/inflate.ts'
import { openSpool, type Spool } from '#io/spool.ts'
import { LimitError } from '#lib/limit-error.ts'
import type { SparseExtent } from '#lib/tar-sparse.ts'
import type { TreeEntry, WalkedFile } from './types.ts'

/** Larger than most bodies that anyone wants. */
const firstBytes = 2 ** 16

/**
 * Larger than nearly all of them, and as large as bodies are that are kept in memory, by default. Not the latter at once:
 * two layers at a time would have V8 look for garbage, since it counts memory that no byte came for.
 */
const largerBytes: readonly number[] = [2 ** 23, 2 ** 25]

/** A read of a sparse file makes its zeros: at most so many at a time. */
const maxSparseBytes = 64 * 2 ** 20

/** Stored bytes of one body: `read` gives fewer bytes at the end, and none past it. */
export interface Body {
  readonly append: (bytes: Uint8Array) => void
  readonly read: (offset: number, length: number) => Uint8Array
  readonly close: () => void
}

/** Bytes that can be read anywhere: fewer at the end, and none past it. What is read is new memory. */
export interface PlacedBytes {
  readonly read: (position: number, length: number) => Uint8Array
}

/** The bytes of an open file. */
export function fileBytes(fd: number): PlacedBytes {
  return { read: (position, length) => readAt(fd, position, length) }
}

/** A body that lies somewhere already: nothing is kept. */
export function placedBody(place: PlacedBytes, offset: number, size: number): Body {
  return {
    append: () => undefined,
    read: (from, length) => place.read(offset + from, Math.max(0, Math.min(length, size - from))),
    close: () => undefined,
  }
}

/**
 * Memory for one body at a time, used again for the next: a page that was touched once costs nothing the second time.
 * Of sizes that no header decides, and made anew few times: a page that no byte came for takes no memory.
 */
export class BodyMemory {
  #bytes = new Uint8Array(firstBytes)

  /**
   * A body of `size` bytes. One that comes in a single piece is read there, as long as the piece is valid; any other is
   * kept in this memory, where the one before is gone.
   */
  body(size: number): Body {
    let whole: Uint8Array | undefined
    let filled = 0
    return {
      append: piece => {
        // Nothing more than a view: to slice one of Node's own buffers would not make new memory.
        if (piece.length === size) whole = new Uint8Array(piece.buffer, piece.byteOffset, size)
        else {
          this.#fit(filled, filled + piece.length)
          this.#bytes.set(piece, filled)
        }
        filled += piece.length
      },
      read: (from, length) => (whole ?? this.#bytes).slice(from, Math.min(from + length, filled)),
      close: () => undefined,
    }
  }

  #fit(filled: number, needed: number): void {
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(largerBytes.find(size => needed <= size) ?? 2 * needed)
    larger.set(this.#bytes.subarray(0, filled))
    this.#bytes = larger
  }
}

/** A body that is kept in a temporary file in `folder`. Throws the system's error where that cannot be written. */
export function spooledBody(folder: string): Body {
  let spool: Spool | undefined
  return {
    append: piece => {
      spool ??= openSpool(folder)
      spool.append(piece)
    },
    read: (from, length) => {
      if (spool === undefined) return new Uint8Array(0)
      return readAt(spool.fd, from, Math.max(0, Math.min(length, spool.size() - from)))
    },
    close: () => spool?.close(),
  }
}

/** The handle that a visitor gets. What it returns is new memory, which the visitor may keep. */
export function walkedFile(
  entry: TreeEntry,
  body: Body,
  { documentBytes, sparse }: { readonly documentBytes: number; readonly sparse?: readonly SparseExtent[] },
): WalkedFile {
  const size = entry.size
  const readStored = sparse === undefined ? body.read : sparseRead(body, sparse)
  const read = (offset: number, length: number): Uint8Array => {
    const from = Math.max(0, Math.min(offset, size))
    return readStored(from, Math.max(0, Math.min(length, size - from)))
  }
  return {
    path: entry.path,
    size,
    mode: entry.mode,
    read,
    bytes: (maxBytes = documentBytes) => {
      const name = maxBytes === documentBytes ? ' (limit document-bytes)' : ''
      if (size > maxBytes) throw new LimitError(`${size} bytes are above the limit of ${maxBytes}${name}`)
      return read(0, size)
    },
    inflateRaw,
  }
}

/** Reads through a sparse map: zeros where no extent is. */
function sparseRead(body: Body, extents: readonly SparseExtent[]): (offset: number, length: number) => Uint8Array {
  return (offset, length) => {
    if (length > maxSparseBytes) throw new LimitError(`${length} bytes of a sparse file are above ${maxSparseBytes}`)
    const bytes = new Uint8Array(length)
    let stored = 0
    for (const extent of extents) {
      const from = Math.max(offset, extent.offset)
      const to = Math.min(offset + length, extent.offset + extent.length)
      if (from < to) bytes.set(body.read(stored + from - extent.offset, to - from), from - offset)
      stored += extent.length
    }
    return bytes
  }
}

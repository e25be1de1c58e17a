import type { FileHandle } from '#ecosystems/types.ts'

/** Bytes asked of the file at once: databases are read in small pages that mostly follow one another. */
const windowSize = 16 * 1024

/** Windows kept: chains of overflow pages jump between a few places. */
const keptWindows = 64

/** Reads up to `length` bytes at `offset`, shorter at the end. The answer must not be changed: it may be shared. */
export type ReadAt = (offset: number, length: number) => Uint8Array

/** Random access in small pieces over a file that is cheaper to read in large ones. */
export function windowed(file: FileHandle): ReadAt {
  const windows = new Map<number, Uint8Array>()
  const window = (index: number): Uint8Array => {
    const kept = windows.get(index)
    if (kept !== undefined) return kept
    const bytes = file.read(index * windowSize, windowSize)
    if (windows.size >= keptWindows) windows.delete(windows.keys().next().value!)
    windows.set(index, bytes)
    return bytes
  }
  return (offset, length) => {
    if (offset < 0 || offset >= file.size || length <= 0) return new Uint8Array(0)
    const index = Math.floor(offset / windowSize)
    const start = offset - index * windowSize
    if (start + length <= windowSize) return window(index).subarray(start, start + length)
    return file.read(offset, Math.min(length, file.size - offset))
  }
}

/** A view of bytes, wherever they are in their buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

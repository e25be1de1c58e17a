import { inflateRawSync } from 'node:zlib'
import type { FileHandle } from '#ecosystems/types.ts'
import { LimitError } from '#lib/limit-error.ts'

/** A file held in memory, as a reader sees one; text becomes UTF-8. Keeps every promise of `FileHandle`, limits included. */
export function fileHandle(path: string, content: string | Uint8Array, mode = 0o644): FileHandle {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    path,
    size: bytes.length,
    mode,
    bytes: (maxBytes = 64 * 1024 * 1024) => {
      if (bytes.length > maxBytes) throw new LimitError(`the file is larger than ${maxBytes} bytes`)
      return bytes
    },
    read: (offset, length) => bytes.subarray(Math.max(0, offset), Math.max(0, offset) + Math.max(0, length)),
    inflateRaw,
  }
}

function inflateRaw(data: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw new LimitError(`the data inflates to more than ${maxBytes} bytes`)
    throw error
  }
}

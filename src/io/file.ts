import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import { promisify } from 'node:util'

const readFile = promisify(read)

/** How much is read at a time: measured, larger is no faster. */
const chunkBytes = 2 ** 20

/** Bytes in an open file. */
export interface FilePart {
  readonly fd: number
  readonly offset: number
  readonly size: number
}

/** An open regular file. */
export interface OpenFile {
  readonly fd: number
  /** Bytes when it was opened. */
  readonly size: number
}

/**
 * Opens a regular file for reading; undefined for anything else (a directory, a socket, a named pipe, which is not
 * waited for). Rejects with the system's error where the file cannot be opened.
 */
export async function openRegularFile(path: string | Uint8Array): Promise<OpenFile | undefined> {
  const name = typeof path === 'string' ? path : Buffer.from(path)
  // Here and not in the thread pool, which takes ten times as long: layouts have a file for each layer.
  const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK)
  const stat = fstatSync(fd)
  if (stat.isFile()) return { fd, size: stat.size }
  closeSync(fd)
  return undefined
}

/** Closes a descriptor; an error is of no use to anyone and is dropped. */
export async function closeDescriptor(fd: number): Promise<void> {
  try {
    closeSync(fd)
  } catch {
    // As said.
  }
}

/** What changes whenever anyone writes to an open file: no program can keep the time of the change. */
export function contentMark(fd: number): string {
  const { size, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true })
  return `${size}-${mtimeNs}-${ctimeNs}`
}

/** Up to `length` bytes at `offset`: fewer where the file ends before. New memory, the caller's to keep. */
export function readAt(fd: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, offset + filled)
    if (count === 0) return bytes.slice(0, filled)
    filled += count
  }
  return bytes
}

/**
 * The bytes of a part of an open file, in chunks. The next chunk is read in the background while one is in
 * use; a chunk is valid only until the next is asked for. Ends early where the file does. Throws where `signal` says so.
 */
export async function* readChunks(part: FilePart, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const end = part.offset + part.size
  const length = Math.min(chunkBytes, Math.max(part.size, 1))
  const buffers = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)]
  let position = part.offset
  const next = (buffer: Buffer) => readFile(part.fd, buffer, 0, Math.min(length, end - position), position)
  let reading = position < end ? next(buffers[0]!) : undefined
  try {
    for (let turn = 0; reading !== undefined; turn = 1 - turn) {
      const { bytesRead } = await reading
      reading = undefined
      signal?.throwIfAborted()
      if (bytesRead === 0) return
      position += bytesRead
      if (position < end) reading = next(buffers[1 - turn]!)
      yield buffers[turn]!.subarray(0, bytesRead)
    }
  } finally {
    // The buffer and the descriptor must outlive a read that nobody waits for any more.
    await reading?.catch(() => undefined)
  }
}

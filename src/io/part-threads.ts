import { ThreadPool, type ThreadTools } from './thread-pool.ts'

/** Bytes in an open file. */
export interface FilePart {
  readonly fd: number
  readonly offset: number
  readonly size: number
}

/** What `hashTask` is asked; it stops where `stop[0]` becomes 1. */
export interface HashQuestion extends FilePart {
  readonly algorithms: readonly string[]
  readonly stop: Int32Array<SharedArrayBuffer>
}

/** What `inflateTask` is asked. */
export interface InflateQuestion extends FilePart {
  readonly encoding: 'gzip' | 'zstd'
  /** `[free pieces, 1 to stop]` */
  readonly state: Int32Array<SharedArrayBuffer>
  /** Pieces, used in turn. */
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly pieceBytes: number
  readonly pieces: number
}

/** Threads that read parts of files. */
export const partThreads = new ThreadPool('parts', { hash: hashTask, inflate: inflateTask })

function hashTask({ fd, offset, size, algorithms, stop }: HashQuestion, { buffer }: ThreadTools) {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const { readSync } = process.getBuiltinModule('node:fs')
  const hashes = algorithms.map(name => createHash(name))
  let bytes = 0
  while (bytes < size) {
    if (Atomics.load(stop, 0) === 1) return 'stopped'
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - bytes), offset + bytes)
    if (count === 0) break
    for (const hash of hashes) hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
    bytes += count
  }
  return { hex: hashes.map(hash => hash.digest('hex')), bytes }
}

/**
 * Calls the decoder behind Node's streams, which inflates into memory that is used again: half the time of the stream,
 * which makes a new buffer for every piece. Where Node has no such decoder any more, it says so before it touches
 * anything.
 */
function inflateTask(
  { encoding, fd, offset, size, state, bytes, pieceBytes, pieces }: InflateQuestion,
  { buffer: input, post }: ThreadTools,
) {
  interface Decoder {
    writeSync?: (flush: number, ...at: readonly unknown[]) => void
    onerror: (message: string, number: number, code: string) => void
  }
  const { readSync } = process.getBuiltinModule('node:fs')
  const zlib = process.getBuiltinModule('node:zlib')
  const isGzip = encoding === 'gzip'
  const stream = isGzip ? zlib.createGunzip({ chunkSize: 64 }) : zlib.createZstdDecompress({ chunkSize: 64 })
  const { _handle: decoder, _writeState: left } = stream as unknown as { _handle?: Decoder; _writeState?: Uint32Array }
  if (typeof decoder?.writeSync !== 'function' || !(left instanceof Uint32Array)) return 'unable'
  let code: string | undefined
  decoder.onerror = (_message, _number, name) => {
    code = name
  }
  let read = 0
  let turn = 0
  let hasEnded = false
  /** Inflates what is in `input`, up to the given end; tells whether to go on. */
  const drain = (end: number, flush: number): boolean => {
    let start = 0
    for (;;) {
      while (Atomics.load(state, 0) === 0) Atomics.wait(state, 0, 0)
      if (Atomics.load(state, 1) === 1) return false
      decoder.writeSync!(flush, input, start, end - start, bytes, (turn % pieces) * pieceBytes, pieceBytes)
      if (code !== undefined) return false
      const [free, rest] = [left[0]!, left[1]!]
      const hasMoved = free < pieceBytes || rest < end - start
      if (free < pieceBytes) {
        Atomics.sub(state, 0, 1)
        turn++
        post({ piece: pieceBytes - free, read: read - rest })
      }
      start = end - rest
      // A zstd decoder stops behind each frame.
      if (free === 0 || (!isGzip && rest > 0 && hasMoved)) continue
      // With room for more it took no more: the stream is at its end, what follows is padding or does not belong.
      if (rest > 0) hasEnded = true
      return rest === 0 || input.subarray(start, end).every(byte => byte === 0)
    }
  }
  try {
    while (read < size) {
      const count = readSync(fd, input, 0, Math.min(input.length, size - read), offset + read)
      if (count === 0) break
      read += count
      if (hasEnded ? input.subarray(0, count).some(byte => byte !== 0) : !drain(count, 0)) {
        return Atomics.load(state, 1) === 1 ? 'end' : code === undefined ? 'trailing' : { code }
      }
    }
    if (!hasEnded) drain(0, isGzip ? zlib.constants.Z_FINISH : zlib.constants.ZSTD_e_end)
    return code === undefined ? 'end' : { code }
  } finally {
    stream.destroy()
  }
}

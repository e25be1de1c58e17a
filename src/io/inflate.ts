import { createGunzip, createZstdDecompress, type Gunzip, inflateRawSync, type ZstdDecompress } from 'node:zlib'
import { LimitError } from '#lib/limit-error.ts'
import { ZstdFrameScanner } from '#lib/zstd-frames.ts'

/** What bytes are, by their first ones. */
export type Encoding = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lz4' | 'plain'

/** What is wrong with a compressed stream. */
export interface InflateFault {
  readonly code: 'unreadable' | 'truncated' | 'limit'
  readonly detail: string
}

/** Measured: with Node's own 16 KiB, inflating takes twice the time. */
const chunkSize = 2 ** 20

/** Every frame costs a round trip through the thread pool; seekable layers have one per file. */
const maxFrames = 1_000_000

const signatures: readonly (readonly [Encoding, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
]

/** Recognises compression by magic number; `plain` is everything else. */
export function encodingOf(head: Uint8Array): Encoding {
  // A zstd stream may begin with a skippable frame (RFC 8878, section 3.1.2).
  if (head.length >= 4 && head[0]! >> 4 === 5 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18) return 'zstd'
  const found = signatures.find(([, magic]) => magic.every((byte, index) => head[index] === byte))
  return found === undefined ? 'plain' : found[0]
}

/**
 * Inflates a stream into `take`, piece by piece, until that returns false. Concatenated gzip members and zstd frames
 * are one stream; zeros behind a gzip stream are padding. A piece's memory is not reused. Resolves with what is wrong
 * with the stream, if anything; what `source` or `take` throws is thrown.
 */
export async function inflate(
  encoding: 'gzip' | 'zstd',
  source: AsyncIterable<Uint8Array>,
  take: (bytes: Uint8Array) => boolean,
): Promise<InflateFault | undefined> {
  const run = new InflateRun(encoding, take)
  try {
    for await (const chunk of source) if (!(await run.write(chunk))) break
    return await run.finish()
  } finally {
    run.close()
  }
}

/**
 * Inflates raw DEFLATE in memory (RFC 1951). Throws `LimitError` where the output is above `maxBytes`, and the
 * library's error for damaged data.
 */
export function inflateRaw(data: Uint8Array, maxBytes: number): Uint8Array {
  try {
    const output = inflateRawSync(data, { maxOutputLength: Math.max(maxBytes, 1) })
    if (output.length > maxBytes) throw new LimitError(`inflates to more than ${maxBytes} bytes`)
    return new Uint8Array(output.buffer, output.byteOffset, output.length)
  } catch (error) {
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw error
    throw new LimitError(`inflates to more than ${maxBytes} bytes`)
  }
}

class InflateRun {
  readonly #decoder: Gunzip | ZstdDecompress
  readonly #frames: ZstdFrameScanner | undefined
  readonly #closed: Promise<void>
  #frameCount = 0
  #written = 0
  #fault: InflateFault | undefined
  #isStopped = false
  #thrown: { readonly error: unknown } | undefined

  constructor(encoding: 'gzip' | 'zstd', take: (bytes: Uint8Array) => boolean) {
    this.#decoder = encoding === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize })
    this.#frames = encoding === 'zstd' ? new ZstdFrameScanner() : undefined
    // By then the decoder is at work on its next piece, in the thread pool: taking and inflating overlap.
    this.#decoder.on('data', (bytes: Uint8Array) => queueMicrotask(() => this.#give(bytes, take)))
    this.#decoder.on('error', error => {
      this.#fault ??= faultOf(error)
    })
    this.#closed = new Promise(resolve => this.#decoder.once('close', resolve))
  }

  /** False where nothing more is wanted. */
  async write(chunk: Uint8Array): Promise<boolean> {
    let start = 0
    for (const end of this.#frames?.push(chunk) ?? []) {
      if (++this.#frameCount > maxFrames) {
        this.#fault ??= { code: 'limit', detail: `More than ${maxFrames} zstd frames` }
        return false
      }
      if (!(await this.#writePart(chunk.subarray(start, end)))) return false
      start = end
    }
    return start === chunk.length ? !this.#isDone() : await this.#writePart(chunk.subarray(start))
  }

  async finish(): Promise<InflateFault | undefined> {
    if (!this.#isDone()) {
      this.#decoder.end()
      await this.#closed
    }
    if (this.#thrown !== undefined) throw this.#thrown.error
    return this.#fault
  }

  close(): void {
    this.#decoder.destroy()
  }

  async #writePart(part: Uint8Array): Promise<boolean> {
    const ended = this.#decoder.bytesWritten < this.#written
    this.#written += part.length
    if (ended) return this.#afterEnd(part)
    const written = new Promise<void>(resolve => {
      this.#decoder.write(part, error => {
        if (error && !this.#isStopped) this.#fault ??= faultOf(error)
        resolve()
      })
    })
    await Promise.race([written, this.#closed])
    const left = this.#written - this.#decoder.bytesWritten
    return !this.#isDone() && (left <= 0 || this.#afterEnd(part.subarray(part.length - left)))
  }

  /** The decoder took its stream for complete although bytes follow. */
  #afterEnd(rest: Uint8Array): boolean {
    if (rest.every(byte => byte === 0)) return true
    this.#fault ??= { code: 'unreadable', detail: 'Bytes follow the end of the compressed stream' }
    return false
  }

  #give(bytes: Uint8Array, take: (bytes: Uint8Array) => boolean): void {
    if (this.#isStopped) return
    try {
      this.#isStopped = !take(bytes)
    } catch (error) {
      this.#thrown = { error }
      this.#isStopped = true
    }
    if (this.#isStopped) this.#decoder.destroy()
  }

  #isDone(): boolean {
    return this.#isStopped || this.#fault !== undefined
  }
}

/** What a decoder's error says of its stream. */
export function faultOf(error: unknown): InflateFault {
  const code = codeOf(error)
  if (code === 'Z_BUF_ERROR') return { code: 'truncated', detail: 'The compressed stream ends early' }
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
    return { code: 'limit', detail: 'The zstd stream wants a window above 128 MiB' }
  }
  return { code: 'unreadable', detail: `The compressed stream is damaged (${code ?? 'unknown error'})` }
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

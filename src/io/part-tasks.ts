import type { Hash } from 'node:crypto'
import type { FilePart } from './file.ts'

/*
 * What threads do with parts of files. They run the text of these functions, which may therefore use nothing but each
 * other and what they are given.
 */

/** Digests that are wanted of a part. */
export interface HashQuestion extends FilePart {
  readonly algorithms: readonly string[]
  /** The number under which an `InflateQuestion` may have begun them in the same thread. */
  readonly begun?: number | undefined
  /** The task stops where `stop[0]` becomes 1. */
  readonly stop: Int32Array<SharedArrayBuffer>
}

/** The digests of a part, hexadecimal and in the order they were asked for, and how many bytes there were. */
export interface PartDigest {
  readonly hex: readonly string[]
  readonly bytes: number
}

export type HashAnswer = PartDigest | { readonly failed: string } | 'stopped'

/** A part that is wanted inflated. */
export interface InflateQuestion extends FilePart {
  readonly encoding: 'gzip' | 'zstd'
  readonly ring: Ring
  /** Digests of the part as it is stored: begun while the ring is full, for a `HashQuestion` to end. */
  readonly begins?: BegunThere | undefined
}

/** Digests that a thread begins for one question and ends for another, which it knows by their number. */
export interface BegunThere {
  readonly number: number
  readonly algorithms: readonly string[]
}

/** Digests of the first bytes of a part. */
export interface Hashing {
  readonly hashes: readonly Hash[]
  bytes: number
}

/** Pieces of memory that one thread fills in turn, and another empties. */
export interface Ring {
  readonly pieces: readonly Uint8Array<SharedArrayBuffer>[]
  /** Two for each piece: the bytes in it, and how many of the part were read for what came so far. */
  readonly sizes: Float64Array<SharedArrayBuffer>
  /** How many pieces were given, how many taken, and 1 where nothing more is wanted. A piece without bytes is the last. */
  readonly counts: Int32Array<SharedArrayBuffer>
}

/** How inflating ended; nothing of it where all is well. */
export interface InflateAnswer {
  /** The library's name for what is wrong with the stream; `trailing` where bytes follow its end. */
  readonly fault?: string
  /** What the system says where the file cannot be read. */
  readonly failed?: string
  /** Nothing was done: this Node has no such decoder as is known here. */
  readonly isUnknown?: true
}

/** A piece of what a part inflates to. */
export interface Inflated {
  /** Bytes, from the start of the memory that was given. */
  readonly given: number
  /** Bytes of the part that were read for what came so far. */
  readonly read: number
}

export function partTask(
  question: HashQuestion | InflateQuestion,
  buffer: Buffer,
  kept: Map<number, Hashing>,
): HashAnswer | InflateAnswer {
  return 'ring' in question ? inflateTask(question, buffer, kept) : hashTask(question, buffer, kept)
}

export function hashTask(
  { algorithms, begun = 0, stop, ...part }: HashQuestion,
  buffer: Buffer,
  kept: Map<number, Hashing>,
): HashAnswer {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const hashing = kept.get(begun) ?? { hashes: algorithms.map(name => createHash(name)), bytes: 0 }
  kept.delete(begun)
  do {
    if (Atomics.load(stop, 0) === 1) return 'stopped'
  } while (hashStep(part, hashing, buffer))
  return { hex: hashing.hashes.map(hash => hash.digest('hex')), bytes: hashing.bytes }
}

/** Hashes some more of a part, as much as the buffer holds; false where nothing is left. */
export function hashStep({ fd, offset, size }: FilePart, hashing: Hashing, buffer: Buffer): boolean {
  const { readSync } = process.getBuiltinModule('node:fs')
  const most = Math.min(buffer.length, size - hashing.bytes)
  const count = most > 0 ? readSync(fd, buffer, 0, most, offset + hashing.bytes) : 0
  for (const hash of hashing.hashes) hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
  hashing.bytes += count
  return count > 0
}

/** Inflates as far ahead as the ring goes, however busy its taker is, and hashes while it can go no further. */
export function inflateTask(
  { encoding, ring, begins, ...part }: InflateQuestion,
  input: Buffer,
  kept: Map<number, Hashing>,
): InflateAnswer {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const { pieces, sizes, counts } = ring
  let hashing: Hashing | undefined
  let room: Buffer | undefined
  const hashMore = () => {
    if (begins === undefined) return false
    if (hashing === undefined) {
      hashing = { hashes: begins.algorithms.map(name => createHash(name)), bytes: 0 }
      room = Buffer.allocUnsafeSlow(input.length)
      kept.set(begins.number, hashing)
      // Some nobody asks for again.
      for (const oldest of kept.keys()) if (kept.size > 16) kept.delete(oldest)
    }
    try {
      return hashStep(part, hashing, room!)
    } catch {
      // Whoever asks for the digests is told.
      kept.delete(begins.number)
      return false
    }
  }
  let given = 0
  const isWanted = () => Atomics.load(counts, 2) === 0
  const next = () => {
    for (;;) {
      const taken = Atomics.load(counts, 1)
      if (given - taken < pieces.length || !isWanted()) return pieces[given % pieces.length]!
      if (!hashMore()) Atomics.wait(counts, 1, taken)
    }
  }
  const give = (bytes: number, read: number) => {
    const at = 2 * (given % pieces.length)
    sizes[at] = bytes
    sizes[at + 1] = read
    given++
    Atomics.store(counts, 0, given)
    Atomics.notify(counts, 0)
  }
  const steps = inflateSteps(encoding, part, input, next)
  let answer: InflateAnswer = { isUnknown: true }
  while (steps !== undefined && isWanted()) {
    const { done, value } = steps.next()
    if (done) {
      answer = value
      break
    }
    give(value.given, value.read)
  }
  steps?.return({})
  next()
  give(0, part.size)
  return answer
}

/**
 * Inflates a part of an open file into memory that is used again, by the decoder behind Node's streams: a stream makes
 * new memory for every piece, which takes as long as inflating. `next` gives the memory for a piece, when the one before
 * has been taken; every piece but the last is full. `input` is room for stored bytes. Concatenated gzip members and
 * zstd frames are one stream; zeros behind it are padding. Leans on Node's insides: undefined where they are not as
 * expected.
 */
export function inflateSteps(
  encoding: 'gzip' | 'zstd',
  part: FilePart,
  input: Buffer,
  next: () => Uint8Array,
): Generator<Inflated, InflateAnswer> | undefined {
  const { constants, createGunzip, createZstdDecompress } = process.getBuiltinModule('node:zlib')
  const { readSync } = process.getBuiltinModule('node:fs')
  const isGzip = encoding === 'gzip'
  const endFlag = isGzip ? constants.Z_FINISH : constants.ZSTD_e_end
  const stream = isGzip ? createGunzip({ chunkSize: 64 }) : createZstdDecompress({ chunkSize: 64 })
  const { _handle: decoder, _writeState: left } = stream as unknown as {
    readonly _handle?: {
      readonly writeSync?: (flush: number, ...at: readonly unknown[]) => void
      onerror: (message: string, number: number, code: string) => void
    }
    readonly _writeState?: Uint32Array
  }
  // Another version may do otherwise, and nobody tried it.
  const isKnown = process.versions.node.startsWith('24.') && left instanceof Uint32Array
  if (!isKnown || typeof decoder?.writeSync !== 'function') return undefined
  // A stream that counts as destroyed takes nothing of what its decoder gives.
  Object.defineProperty(stream, 'destroyed', { value: true })
  let fault: string | undefined
  decoder.onerror = (_message, _number, code) => {
    fault = code
  }
  return steps()

  function* steps(): Generator<Inflated, InflateAnswer> {
    let output = next()
    let filled = 0
    let read = 0
    let hasEnded = false
    try {
      for (;;) {
        const most = Math.min(input.length, part.size - read)
        const count = most > 0 ? readSync(part.fd, input, 0, most, part.offset + read) : 0
        read += count
        let start = 0
        while (!hasEnded) {
          const room = output.length - filled
          // Of a stream that ends early the decoder has to hear.
          const flush = count > 0 ? constants.Z_NO_FLUSH : endFlag
          decoder!.writeSync!(flush, input, start, count - start, output, filled, room)
          if (fault !== undefined) break
          const given = room - left![0]!
          const taken = count - start - left![1]!
          filled += given
          start += taken
          if (filled === output.length) {
            yield { given: filled, read: read - left![1]! }
            output = next()
            filled = 0
          }
          // A zstd decoder stops behind each frame.
          if (given === room || (!isGzip && start < count && given + taken > 0)) continue
          // With room for more it took no more.
          hasEnded = start < count
          break
        }
        // Behind the end.
        const isSpoilt = fault === undefined && input.subarray(start, count).some(byte => byte !== 0)
        if (count > 0 && fault === undefined && !isSpoilt) continue
        if (filled > 0) yield { given: filled, read }
        if (fault !== undefined) return { fault }
        return isSpoilt ? { fault: 'trailing' } : {}
      }
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) }
    } finally {
      stream.destroy()
    }
  }
}

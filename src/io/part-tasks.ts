import type { FilePart } from './file.ts'
import type {
  BegunHashes,
  EarlyQuestion,
  HashAnswer,
  Hashing,
  HashQuestion,
  InflateAnswer,
  Inflated,
  InflateQuestion,
  Ring,
} from './part-questions.ts'

/*
 * What threads do with parts of files. They run the text of these functions, which may therefore use nothing but each
 * other and what they are given.
 */

export function partTask(
  question: HashQuestion | InflateQuestion | EarlyQuestion,
  buffer: Buffer,
  kept: BegunHashes,
): HashAnswer | InflateAnswer | undefined {
  if ('path' in question) return earlyTask(question, buffer, kept)
  return 'ring' in question ? inflateTask(question, buffer, kept) : hashTask(question, buffer, kept)
}

export function hashTask(
  { algorithms, begun = 0, state, ahead, ...part }: HashQuestion,
  buffer: Buffer,
  kept: BegunHashes,
): HashAnswer {
  if (Atomics.exchange(state, 1, 1) === 1) return 'stopped'
  const hashing = kept.get(begun) ?? beginHash(part, algorithms, kept)
  kept.delete(begun)
  do {
    if (Atomics.load(state, 0) === 1) return 'stopped'
    Atomics.store(state, 2, Math.floor(hashing.bytes / 2 ** 20))
  } while ((ahead !== undefined && hashAhead(ahead, hashing)) || hashStep(part, hashing, buffer))
  return { hex: hashing.hashes.map(hash => hash.digest('hex')), bytes: hashing.bytes }
}

/** Digests of a part, of which something may be done already. */
export function beginHash(part: FilePart, algorithms: readonly string[], kept: BegunHashes): Hashing {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const name = algorithms.join() === 'sha256' && kept.size > 0 ? earlyName(part) : ''
  const early = kept.get(name)
  kept.delete(name)
  return early ?? { hashes: algorithms.map(algorithm => createHash(algorithm)), bytes: 0 }
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

/** Hashes the next piece, if the asker has read it; lets go of what comes too late. */
export function hashAhead({ pieces, sizes, counts }: Ring, hashing: Hashing): boolean {
  for (let taken = Atomics.load(counts, 1); taken < Atomics.load(counts, 0); ) {
    const piece = taken % pieces.length
    const bytes = sizes[2 * piece]!
    const end = sizes[2 * piece + 1]!
    const isNext = end - bytes === hashing.bytes
    if (end - bytes > hashing.bytes) return false
    if (isNext) {
      for (const hash of hashing.hashes) hash.update(pieces[piece]!.subarray(0, bytes))
      hashing.bytes = end
    }
    Atomics.store(counts, 1, ++taken)
    if (isNext) return true
  }
  return false
}

/** Inflates as far ahead as the ring goes, however busy its taker is, and hashes while it can go no further. */
export function inflateTask(
  { encoding, ring, begins, ...part }: InflateQuestion,
  input: Buffer,
  kept: BegunHashes,
): InflateAnswer {
  const { pieces, sizes, counts } = ring
  let hashing: Hashing | undefined
  let room: Buffer | undefined
  const hashMore = () => {
    if (begins === undefined) return false
    try {
      if (hashing === undefined) {
        hashing = beginHash(part, begins.algorithms, kept)
        room = Buffer.allocUnsafeSlow(input.length)
        kept.set(begins.number, hashing)
        // Some nobody asks for again.
        for (const oldest of kept.keys()) if (kept.size > 16) kept.delete(oldest)
      }
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

/** Hashes the first bytes of a part, not more than a wrong guess may cost, for a `HashQuestion` to go on with. */
export function earlyTask({ path, isArchive, stop }: EarlyQuestion, buffer: Buffer, kept: BegunHashes): undefined {
  const { closeSync, constants, fstatSync, openSync } = process.getBuiltinModule('node:fs')
  const { createHash } = process.getBuiltinModule('node:crypto')
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const part = isArchive ? firstLayer(fd, buffer) : { fd, offset: 0, size: fstatSync(fd).size }
    if (part === undefined) return undefined
    const name = earlyName(part)
    const hashing: Hashing = { hashes: [createHash('sha256')], bytes: 0 }
    const enough = 2 ** 25
    while (hashing.bytes < enough && Atomics.load(stop, 0) === 0 && hashStep(part, hashing, buffer));
    kept.set(name, hashing)
    return undefined
  } finally {
    closeSync(fd)
  }
}

/** The same for every descriptor of a file that nobody has written to meanwhile. */
export function earlyName({ fd, offset, size }: FilePart): string {
  const { fstatSync } = process.getBuiltinModule('node:fs')
  const { dev, ino, size: all, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true })
  return [dev, ino, all, mtimeNs, ctimeNs, offset, size].join(' ')
}

/**
 * Where the first layer of the first image lies in an archive as Docker saves it; undefined where it is not found at
 * once. A guess: who asks for the layer reads the archive with all care.
 */
export function firstLayer(fd: number, buffer: Buffer): FilePart | undefined {
  const { readSync } = process.getBuiltinModule('node:fs')
  const members = new Map<string, FilePart>()
  let offset = 0
  for (let count = 0; count < 1000 && readSync(fd, buffer, 0, 512, offset) === 512; count++) {
    const name = buffer.toString('latin1', 0, 100).split('\0', 1)[0]!
    const size = Number.parseInt(buffer.toString('latin1', 124, 136), 8)
    // The end of the archive, or a size that is written otherwise.
    if (Number.isNaN(size)) break
    members.set(name, { fd, offset: offset + 512, size })
    offset += 512 + Math.ceil(size / 512) * 512
  }
  const manifest = members.get('manifest.json')
  if (manifest === undefined || manifest.size > buffer.length) return undefined
  const length = readSync(fd, buffer, 0, manifest.size, manifest.offset)
  return members.get(JSON.parse(buffer.toString('utf8', 0, length))[0].Layers[0])
}

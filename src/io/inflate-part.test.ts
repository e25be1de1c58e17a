import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { inflate } from './inflate.ts'
import { inflatePart } from './inflate-part.ts'
import type { Place } from './part-places.ts'
import type { InflateAnswer, InflateQuestion } from './part-questions.ts'
import { inflateSteps } from './part-tasks.ts'
import { partThreads } from './part-threads.ts'

/** Who inflates where is tested beside it. */
const places = vi.hoisted(() => ({ place: 'here' as Place }))
vi.mock('./part-places.ts', async original => ({
  ...(await original<typeof import('./part-places.ts')>()),
  askPlace: async () => places.place,
  leavePlace: () => undefined,
  idleUntil: (arrival: Promise<unknown>) => arrival,
}))

const folder = mkdtempSync(join(tmpdir(), 'inflate-part-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Inflates what lies behind some other bytes in a file. */
async function run(encoding: 'gzip' | 'zstd', stored: Uint8Array, wants: (taken: number) => boolean = () => true) {
  const path = join(folder, 'file')
  writeFileSync(path, Buffer.concat([Buffer.from('before'), stored, Buffer.from('behind')]))
  const fd = openSync(path, 'r')
  const found: Uint8Array[] = []
  let largest = 0
  let taken = 0
  let lastRead = 0
  try {
    const end = await inflatePart(
      encoding,
      { fd, offset: 6, size: stored.length },
      {
        take: (bytes, read) => {
          found.push(bytes.slice())
          largest = Math.max(largest, bytes.length)
          taken += bytes.length
          lastRead = read
          return wants(taken)
        },
      },
    )
    return { bytes: Buffer.concat(found), end, read: lastRead, largest }
  } finally {
    closeSync(fd)
  }
}

async function byStream(encoding: 'gzip' | 'zstd', stored: Uint8Array) {
  const found: Uint8Array[] = []
  const source = (async function* () {
    yield stored
  })()
  const fault = await inflate(encoding, source, bytes => found.push(bytes) > 0)
  return { bytes: Buffer.concat(found), fault }
}

const text = Buffer.from('a line of text\n'.repeat(500_000))
const noise = Buffer.from(Uint32Array.from({ length: 400_000 }, (_, index) => Math.imul(index + 1, 0x9e3779b1)).buffer)
const compressors = { gzip: gzipSync, zstd: zstdCompressSync } as const

describe.each([
  { place: 'thread', piece: 2 ** 19 },
  { place: 'here', piece: 2 ** 18 },
] as const)('io/inflate-part: $place', ({ place, piece }) => {
  beforeAll(() => {
    places.place = place
  })

  it('finds the decoder that it calls in the Node that it runs on', () => {
    for (const encoding of ['gzip', 'zstd'] as const) {
      const steps = inflateSteps(encoding, { fd: 0, offset: 0, size: 0 }, Buffer.alloc(1), () => new Uint8Array(1))
      expect(steps).toBeDefined()
    }
  })

  it.each(['gzip', 'zstd'] as const)('inflates %s, concatenated too', async encoding => {
    const parts = [text, noise, Buffer.alloc(0), text]
    const stored = Buffer.concat(parts.map(part => compressors[encoding](part)))

    const { bytes, end, read, largest } = await run(encoding, stored)

    expect(end).toEqual({})
    expect(largest).toBe(piece)
    expect(bytes.equals(Buffer.concat(parts))).toBe(true)
    expect(read).toBeLessThanOrEqual(stored.length)
    expect(read).toBeGreaterThan(stored.length / 2)
  })

  it('inflates many small zstd frames, and more than one large one', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => Buffer.from(`file ${index}\n`.repeat(1 + (index % 40))))
    const parts = [...lines, noise, ...lines.slice(0, 10), text]

    const { bytes, end } = await run('zstd', Buffer.concat(parts.map(part => zstdCompressSync(part))))

    expect(end).toEqual({})
    expect(bytes.equals(Buffer.concat(parts))).toBe(true)
  })

  it('passes over skippable zstd frames', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])

    const { bytes, end } = await run('zstd', Buffer.concat([skippable, zstdCompressSync(text), skippable]))

    expect(end).toEqual({})
    expect(bytes.equals(text)).toBe(true)
  })

  it.each([
    ['truncated', (whole: Buffer) => whole.subarray(0, -3)],
    ['unreadable', (whole: Buffer) => Buffer.concat([whole, Buffer.from('garbage')])],
  ])('keeps what comes before, and says %s', async (code, spoil) => {
    for (const encoding of ['gzip', 'zstd'] as const) {
      const { bytes, end } = await run(encoding, spoil(compressors[encoding](noise)))

      expect(end.fault?.code).toBe(code)
      expect(bytes.equals(noise.subarray(0, bytes.length))).toBe(true)
    }
  })

  it('takes zeros behind a gzip stream as padding, however many', async () => {
    for (const zeros of [1, 1000, 600_000]) {
      const { bytes, end } = await run('gzip', Buffer.concat([gzipSync(text), Buffer.alloc(zeros)]))

      expect(end).toEqual({})
      expect(bytes.length).toBe(text.length)
    }
  })

  it('stops where nothing more is wanted, in the middle of a bomb too', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 2 ** 20))

    const { bytes, end } = await run('gzip', bomb, taken => taken < 3 * 2 ** 20)

    expect(end).toEqual({})
    expect(bytes.length).toBe(Math.ceil((3 * 2 ** 20) / piece) * piece)
  })

  it('inflates many parts at once, each with its own bytes', async () => {
    const path = join(folder, 'many')
    const parts = Array.from({ length: 12 }, (_, index) => gzipSync(Buffer.alloc(3_000_000, index)))
    writeFileSync(path, Buffer.concat(parts))
    const fd = openSync(path, 'r')

    const sums = await Promise.all(
      parts.map(async (part, index) => {
        let right = 0
        const offset = Buffer.concat(parts.slice(0, index)).length
        const take = (bytes: Uint8Array) => {
          right += bytes.every(byte => byte === index) ? bytes.length : Number.NaN
          return true
        }
        await inflatePart('gzip', { fd, offset, size: part.length }, { take })
        return right
      }),
    )
    closeSync(fd)

    expect(sums).toEqual(parts.map(() => 3_000_000))
  })

  it('gives others their turn, and hears the signal, however fast pieces come', async () => {
    const controller = new AbortController()
    const stored = gzipSync(Buffer.alloc(60 * 2 ** 20))
    const fd = openSync(writeTo('slow', stored), 'r')
    let taken = 0
    const take = () => {
      // Slower than any piece is made.
      for (const end = performance.now() + 5; performance.now() < end; );
      if (++taken === 3) setImmediate(() => controller.abort(new Error('no longer wanted')))
      return true
    }

    const inflating = inflatePart('gzip', { fd, offset: 0, size: stored.length }, { take, signal: controller.signal })

    await expect(inflating).rejects.toThrow('no longer')
    expect(taken).toBeLessThanOrEqual(8)
    closeSync(fd)
  })

  it('throws what its taker throws, and the reason of the signal', async () => {
    const controller = new AbortController()
    const fd = openSync(writeTo('thrown', gzipSync(Buffer.alloc(50_000_000))), 'r')
    const part = { fd, offset: 0, size: 40_000 }
    const taker = () => {
      throw new Error('taker')
    }
    const abort = () => {
      controller.abort(new Error('no longer wanted'))
      return true
    }

    await expect(inflatePart('gzip', part, { take: taker })).rejects.toThrow('taker')
    const { signal } = controller
    await expect(inflatePart('gzip', part, { take: abort, signal })).rejects.toThrow('no longer')
    closeSync(fd)
  })

  it('says what the system says of a file that cannot be read, and goes on after it', async () => {
    const end = await inflatePart('gzip', { fd: 999_999, offset: 0, size: 10 }, { take: () => true })

    expect(end.error?.message).toContain('EBADF')
    expect((await run('gzip', gzipSync(text))).end).toEqual({})
  })

  it('agrees with the stream on damaged bytes', async () => {
    const wholes = { gzip: gzipSync(text), zstd: zstdCompressSync(noise) }
    const damaged = fc.record({
      encoding: fc.constantFrom('gzip', 'zstd'),
      at: fc.nat({ max: 3000 }),
      bytes: fc.uint8Array({ maxLength: 20 }),
    })

    await fc.assert(
      fc.asyncProperty(damaged, async ({ encoding, at, bytes }) => {
        const stored = Buffer.from(wholes[encoding])
        stored.set(bytes, at)

        const there = await run(encoding, stored)
        const here = await byStream(encoding, stored)

        expect(there.end.fault?.code).toBe(here.fault?.code)
        expect(there.end.fault !== undefined || there.bytes.equals(here.bytes)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

describe('io/inflate-part, without its thread', () => {
  beforeAll(() => {
    places.place = 'thread'
  })
  afterEach(() => vi.restoreAllMocks())

  it('inflates by the stream where none is to be had, and where it knows no decoder', async () => {
    const give = vi.spyOn(partThreads, 'give')
    const stored = Buffer.concat([gzipSync(noise), gzipSync(text)])

    give.mockImplementation(({ lost }) => lost())
    const lost = await run('gzip', stored)
    give.mockImplementation(({ question, hear }) => {
      // As `inflateTask` ends: with a piece that has no bytes.
      const { counts } = (question as InflateQuestion).ring
      Atomics.store(counts, 0, 1)
      Atomics.notify(counts, 0)
      hear({ isUnknown: true } satisfies InflateAnswer)
    })
    const unknown = await run('gzip', stored)

    expect(give).toHaveBeenCalledTimes(2)
    for (const { bytes, end } of [lost, unknown]) {
      expect(end).toEqual({})
      expect(bytes.equals(Buffer.concat([noise, text]))).toBe(true)
    }
  })

  it('says that it could not be read where the thread ends in the middle', async () => {
    vi.spyOn(partThreads, 'give').mockImplementation(({ question, lost }) => {
      const { counts, sizes } = (question as InflateQuestion).ring
      sizes[0] = 100
      Atomics.store(counts, 0, 1)
      Atomics.notify(counts, 0)
      setTimeout(lost, 20)
    })

    const { bytes, end } = await run('zstd', zstdCompressSync(noise))

    expect(bytes.length).toBe(100)
    expect(end.error?.message).toContain('gone')
  })
})

function writeTo(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { Decoder } from './decoder.ts'
import { inflate } from './inflate.ts'
import { inflatePart } from './inflate-part.ts'

const folder = mkdtempSync(join(tmpdir(), 'inflate-part-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Inflates what lies behind some other bytes in a file. */
async function run(encoding: 'gzip' | 'zstd', stored: Uint8Array, wants: (taken: number) => boolean = () => true) {
  const path = join(folder, 'file')
  writeFileSync(path, Buffer.concat([Buffer.from('before'), stored, Buffer.from('behind')]))
  const fd = openSync(path, 'r')
  const found: Uint8Array[] = []
  const shown: Uint8Array[] = []
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
        stored: bytes => shown.push(Uint8Array.from(bytes)),
      },
    )
    return { bytes: Buffer.concat(found), shown: Buffer.concat(shown), end, read: lastRead, largest }
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

/** Random bytes, so that stored ones are as many: whoever else inflates is nearer to the end. */
const largePart = (() => {
  const stored = gzipSync(randomBytes(48 * 2 ** 20), { level: 0 })
  return { fd: openSync(writeTo('large', stored), 'r'), offset: 0, size: stored.length }
})()
afterAll(() => closeSync(largePart.fd))

/** Does something while the cores of the thread pool are taken. */
async function besideLarger<T>(work: () => Promise<T>): Promise<T> {
  let isDone = false
  const others = Array.from({ length: Math.max(1, availableParallelism() - 1) }, () =>
    inflatePart('gzip', largePart, { take: () => !isDone }),
  )
  try {
    return await work()
  } finally {
    isDone = true
    await Promise.all(others)
  }
}

describe.each([
  { where: 'in the thread pool', manner: <T>(work: () => Promise<T>) => work(), piece: 2 ** 20 },
  { where: 'here, beside larger parts', manner: besideLarger, piece: 2 ** 18 },
])('io/inflate-part: $where', ({ manner, piece }) => {
  const inflated = (...request: Parameters<typeof run>) => manner(() => run(...request))

  it('finds the decoder that it calls in the Node that it runs on', () => {
    for (const encoding of ['gzip', 'zstd'] as const) expect(Decoder.open(encoding)).toBeInstanceOf(Decoder)
  })

  it.each(['gzip', 'zstd'] as const)('inflates %s, concatenated too', async encoding => {
    const parts = [text, noise, Buffer.alloc(0), text]
    const stored = Buffer.concat(parts.map(part => compressors[encoding](part)))

    const { bytes, end, read, largest } = await inflated(encoding, stored)

    expect(end).toEqual({})
    expect(largest).toBe(piece)
    expect(bytes.equals(Buffer.concat(parts))).toBe(true)
    expect(read).toBeLessThanOrEqual(stored.length)
    expect(read).toBeGreaterThan(stored.length / 2)
  })

  it('inflates many small zstd frames, and more than one large one', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => Buffer.from(`file ${index}\n`.repeat(1 + (index % 40))))
    const parts = [...lines, noise, ...lines.slice(0, 10), text]

    const { bytes, end } = await inflated('zstd', Buffer.concat(parts.map(part => zstdCompressSync(part))))

    expect(end).toEqual({})
    expect(bytes.equals(Buffer.concat(parts))).toBe(true)
  })

  it('shows all stored bytes once, padding too', async () => {
    const stored = Buffer.concat([gzipSync(text), gzipSync(noise), Buffer.alloc(3_000_000)])

    const { shown, end } = await inflated('gzip', stored)

    expect(end).toEqual({})
    expect(shown.equals(stored)).toBe(true)
  })

  it('passes over skippable zstd frames', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])

    const { bytes, end } = await inflated('zstd', Buffer.concat([skippable, zstdCompressSync(text), skippable]))

    expect(end).toEqual({})
    expect(bytes.equals(text)).toBe(true)
  })

  it.each([
    ['truncated', (whole: Buffer) => whole.subarray(0, -3)],
    ['unreadable', (whole: Buffer) => Buffer.concat([whole, Buffer.from('garbage')])],
  ])('keeps what comes before, and says %s', async (code, spoil) => {
    for (const encoding of ['gzip', 'zstd'] as const) {
      const { bytes, end } = await inflated(encoding, spoil(compressors[encoding](noise)))

      expect(end.fault?.code).toBe(code)
      expect(bytes.equals(noise.subarray(0, bytes.length))).toBe(true)
    }
  })

  it('takes zeros behind a gzip stream as padding, however many', async () => {
    for (const zeros of [1, 1000, 600_000]) {
      const { bytes, end } = await inflated('gzip', Buffer.concat([gzipSync(text), Buffer.alloc(zeros)]))

      expect(end).toEqual({})
      expect(bytes.length).toBe(text.length)
    }
  })

  it('stops where nothing more is wanted, in the middle of a bomb too', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 2 ** 20))

    const { bytes, end } = await inflated('gzip', bomb, taken => taken < 3 * 2 ** 20)

    expect(end).toEqual({})
    expect(bytes.length).toBe(Math.ceil((3 * 2 ** 20) / piece) * piece)
  })

  it('inflates many parts at once, each with its own bytes', async () => {
    const path = join(folder, 'many')
    const parts = Array.from({ length: 12 }, (_, index) => gzipSync(Buffer.alloc(3_000_000, index)))
    writeFileSync(path, Buffer.concat(parts))
    const fd = openSync(path, 'r')

    let running = 0
    let most = 0
    const sums = await Promise.all(
      parts.map(async (part, index) => {
        let right = 0
        const offset = Buffer.concat(parts.slice(0, index)).length
        const take = (bytes: Uint8Array) => {
          if (right === 0) most = Math.max(most, ++running)
          right += bytes.every(byte => byte === index) ? bytes.length : Number.NaN
          return true
        }
        await manner(() => inflatePart('gzip', { fd, offset, size: part.length }, { take }))
        running--
        return right
      }),
    )
    closeSync(fd)

    expect(sums).toEqual(parts.map(() => 3_000_000))
    expect(most).toBeLessThanOrEqual(Math.max(2, availableParallelism()))
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

    await expect(manner(() => inflatePart('gzip', part, { take: taker }))).rejects.toThrow('taker')
    const { signal } = controller
    await expect(manner(() => inflatePart('gzip', part, { take: abort, signal }))).rejects.toThrow('no longer')
    closeSync(fd)
  })

  it('says what the system says of a file that cannot be read, and goes on after it', async () => {
    const end = await inflatePart('gzip', { fd: 999_999, offset: 0, size: 10 }, { take: () => true })

    expect(end.error?.message).toContain('EBADF')
    expect((await inflated('gzip', gzipSync(text))).end).toEqual({})
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

        const there = await inflated(encoding, stored)
        const here = await byStream(encoding, stored)

        expect(there.end.fault?.code).toBe(here.fault?.code)
        expect(there.end.fault !== undefined || there.bytes.equals(here.bytes)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

function writeTo(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

import { randomBytes } from 'node:crypto'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LimitError } from '#lib/limit-error.ts'
import { encodingOf, type InflateFault, inflate, inflateRaw } from './inflate.ts'

async function run(encoding: 'gzip' | 'zstd', bytes: Uint8Array, piece = 65_536) {
  const found: Uint8Array[] = []
  const fault = await inflate(encoding, pieces(bytes, piece), part => {
    found.push(part)
    return true
  })
  return { bytes: Buffer.concat(found), fault }
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size)
}

const text = Buffer.from('a line of text\n'.repeat(200_000))
const noise = randomBytes(1_500_000)
const compressors = { gzip: gzipSync, zstd: zstdCompressSync } as const

describe('io/inflate', () => {
  it.each(['gzip', 'zstd'] as const)('inflates %s, concatenated too, in pieces of any size', async encoding => {
    const compress = compressors[encoding]
    const members = Buffer.concat([text, noise, Buffer.alloc(0), text].map(part => compress(part)))
    const expected = Buffer.concat([text, noise, text])

    for (const piece of [1000, 65_536, members.length]) {
      const { bytes, fault } = await run(encoding, members, piece)
      expect(fault).toBeUndefined()
      expect(bytes.equals(expected)).toBe(true)
    }
  })

  it.each(['gzip', 'zstd'] as const)('keeps what came before the cut of a truncated %s stream', async encoding => {
    const whole = compressors[encoding](noise)

    const { bytes, fault } = await run(encoding, whole.subarray(0, whole.length - 100_000))

    expect(fault?.code).toBe('truncated')
    expect(bytes.length).toBeGreaterThan(1_000_000)
    expect(noise.subarray(0, bytes.length).equals(bytes)).toBe(true)
  })

  it('takes zeros behind a gzip stream as padding and anything else as damage', async () => {
    const padded = await run('gzip', Buffer.concat([gzipSync(text), Buffer.alloc(1000)]))
    const paddedLater = await run('gzip', Buffer.concat([gzipSync(text), Buffer.alloc(3000)]), 512)
    const garbage = await run('gzip', Buffer.concat([gzipSync(text), Buffer.from('garbage')]))

    expect([padded.fault, paddedLater.fault]).toEqual([undefined, undefined])
    expect(paddedLater.bytes.equals(text)).toBe(true)
    expect(garbage.fault?.code).toBe('unreadable')
  })

  it('passes over skippable zstd frames', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])
    const stream = Buffer.concat([skippable, zstdCompressSync(text), skippable])

    expect(encodingOf(stream)).toBe('zstd')
    expect((await run('zstd', stream)).bytes.equals(text)).toBe(true)
  })

  it('stops where nothing more is wanted, in the middle of a bomb too', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 2 ** 20))
    let taken = 0

    const fault = await inflate('gzip', pieces(bomb, bomb.length), part => (taken += part.length) < 2 ** 20)

    expect(fault).toBeUndefined()
    expect(taken).toBeLessThanOrEqual(2 * 2 ** 20)
  })

  it('throws what its source and its taker throw', async () => {
    const failing = (async function* () {
      yield gzipSync(text)
      throw new Error('source')
    })()

    await expect(inflate('gzip', failing, () => true)).rejects.toThrow('source')
    const taker = () => {
      throw new Error('taker')
    }
    await expect(inflate('gzip', pieces(gzipSync(text), 100), taker)).rejects.toThrow('taker')
  })

  it('never throws on random bytes', async () => {
    const heads = { gzip: gzipSync(text).subarray(0, 12), zstd: zstdCompressSync(text).subarray(0, 8) }
    const check = async (encoding: 'gzip' | 'zstd', random: Uint8Array): Promise<InflateFault | undefined> =>
      (await run(encoding, Buffer.concat([heads[encoding], random]))).fault

    await fc.assert(
      fc.asyncProperty(fc.constantFrom('gzip', 'zstd'), fc.uint8Array({ maxLength: 300 }), async (encoding, random) => {
        await check(encoding, random)
      }),
      { numRuns: 200 },
    )
  })

  it('bounds raw inflating', () => {
    const data = deflateRawSync(text)

    expect(Buffer.from(inflateRaw(data, text.length)).equals(text)).toBe(true)
    expect(() => inflateRaw(data, text.length - 1)).toThrow(LimitError)
    expect(() => inflateRaw(deflateRawSync(Buffer.from('a')), 0)).toThrow(LimitError)
    expect(() => inflateRaw(Buffer.from([0xff, 0xff]), 10)).toThrow()
  })
})

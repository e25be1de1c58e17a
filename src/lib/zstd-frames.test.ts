import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZstdFrameScanner } from './zstd-frames.ts'

const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])

function frame(data: Uint8Array, checksum: 0 | 1): Buffer {
  return zstdCompressSync(data, { params: { [constants.ZSTD_c_checksumFlag]: checksum } })
}

describe('lib/zstd-frames', () => {
  it('finds the ends of frames in pieces of any size', () => {
    const frames = [
      frame(Buffer.alloc(0), 0),
      frame(Buffer.alloc(300_000, 'ab'), 1),
      skippable,
      frame(randomBytes(400_000), 0),
      frame(Buffer.from('x'), 1),
    ]
    const bytes = Buffer.concat(frames)
    let end = 0
    const expected = frames.map(({ length }) => (end += length))

    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length }), size => {
        const scanner = new ZstdFrameScanner()
        const found: number[] = []
        for (let offset = 0; offset < bytes.length; offset += size) {
          found.push(...scanner.push(bytes.subarray(offset, offset + size)).map(at => at + offset))
        }
        expect(found).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })

  it('never throws on random bytes', () => {
    const magic = [0x28, 0xb5, 0x2f, 0xfd]

    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), random => {
        const bytes = Uint8Array.from([...magic, ...random])
        const ends = new ZstdFrameScanner().push(bytes)
        expect(ends.every(end => end <= bytes.length)).toBe(true)
      }),
    )
  })
})

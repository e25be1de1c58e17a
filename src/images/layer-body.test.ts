import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyMemory } from './layer-body.ts'

function shared(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(values.length))
  bytes.set(values)
  return bytes
}

describe('images/layer-body', () => {
  it('reads a body that came in pieces as one, whatever was in the memory before', () => {
    const memory = new BodyMemory()
    const bodies = fc.array(fc.uint8Array({ maxLength: 200_000 }), { maxLength: 4 })
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(), (pieces, from, length) => {
        const whole = Buffer.concat(pieces)
        const body = memory.body(whole.length)
        for (const piece of pieces) body.append(piece)

        expect(Buffer.compare(body.read(from, length), whole.subarray(from, from + length))).toBe(0)
        expect(Buffer.compare(body.read(0, whole.length + 1), whole)).toBe(0)
      }),
    )
  })

  it.each([
    ['of plain memory', () => new Uint8Array([1, 2, 3, 4])],
    ['of a buffer, whose own slices share its memory', () => Buffer.from([1, 2, 3, 4])],
    ['of memory that threads share', () => shared(1, 2, 3, 4)],
  ])('gives new memory of a body that came at once: %s', (_, make) => {
    const bytes = make()
    const piece = bytes.subarray(1)
    const body = new BodyMemory().body(piece.length)
    body.append(piece)
    const read = body.read(0, 3)
    bytes.fill(9)

    expect([...read]).toEqual([2, 3, 4])
    expect(read.buffer).toBeInstanceOf(ArrayBuffer)
  })
})

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createHasher } from './hasher.ts'

describe('cli/hasher', () => {
  it.each([
    ['nothing', []],
    ['one text', ['Grüße']],
    ['texts', ['a', '', 'b']],
    ['an empty text', ['']],
    ['text and bytes', ['a', Buffer.from([1, 2]), 'b']],
    ['bytes', [Buffer.from([1]), Buffer.from([2])]],
  ])('hashes %s', (_what, parts) => {
    const hasher = createHasher('sha1')
    for (const part of parts) hasher.update(part)

    const expected = createHash('sha1')
    for (const part of parts) expected.update(part)
    expect(hasher.hex()).toBe(expected.digest('hex'))
  })

  it('has read bytes before the next ones lie in their place', () => {
    const buffer = Buffer.from('ab')
    const hasher = createHasher('sha256')
    hasher.update(buffer)
    buffer.write('cd')
    hasher.update(buffer)

    expect(hasher.hex()).toBe(createHash('sha256').update('abcd').digest('hex'))
  })
})

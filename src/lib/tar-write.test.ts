import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { writeTar } from './tar-write.ts'

const text = (value: string) => new TextEncoder().encode(value)

describe('lib/tar-write', () => {
  it('writes what GNU tar reads', () => {
    const long = `${'deep/'.repeat(30)}${'n'.repeat(90)}`
    const files = [
      { name: 'etc/os-release', body: text('ID=debian\n') },
      { name: 'empty', body: text('') },
      { name: 'block', body: new Uint8Array(512).fill(0x61) },
      { name: long, body: text('long') },
      { name: 'ünïcode', body: text('é') },
    ]

    const archive = writeTar(files)

    const list = execFileSync('tar', ['-t', '--quoting-style=literal'], { input: archive, encoding: 'utf8' })
    expect(list.split('\n').filter(Boolean)).toEqual(files.map(({ name }) => name))
    for (const { name, body } of files)
      expect(execFileSync('tar', ['-xO', name], { input: archive })).toEqual(Buffer.from(body))
    expect(archive.length % 512).toBe(0)
  })

  it('writes the same bytes for the same files', () => {
    const files = [{ name: 'a', body: text('a') }]

    expect(writeTar(files)).toEqual(writeTar(files))
  })

  it('writes an empty archive for no files', () => {
    expect(writeTar([])).toEqual(new Uint8Array(1024))
  })

  it.each(['', 'x'.repeat(101), `${'a/'.repeat(200)}b`, `a/${'b'.repeat(101)}`, 'a\0b'])(
    'refuses a name that does not fit: %j',
    name => {
      expect(() => writeTar([{ name, body: text('') }])).toThrow(RangeError)
    },
  )
})

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeZip } from '#test/ecosystems/zip-writer.ts'
import { itWith } from '#test/support/skips.ts'
import type { ByteSource } from './byte-source.ts'
import { LimitError } from './limit-error.ts'
import { readZipDirectory, readZipMember, storedZipMember } from './zip.ts'
import { ZipError } from './zip-error.ts'

const hasZip = spawnSync('zip', ['-v']).status === 0

describe('lib/zip', () => {
  it('lists and reads stored and deflated members', () => {
    const source = sourceOf(
      writeZip([
        { name: 'a.txt', content: 'alpha' },
        { name: 'dir/' },
        { name: 'dir/ü.txt', content: 'b'.repeat(1000), deflate: true },
      ]),
    )

    const directory = readZipDirectory(source)

    expect(directory.faults).toEqual([])
    expect(directory.entries.map(entry => entry.name)).toEqual(['a.txt', 'dir/', 'dir/ü.txt'])
    expect(textOf(source, 'a.txt')).toBe('alpha')
    expect(textOf(source, 'dir/ü.txt')).toBe('b'.repeat(1000))
  })

  it.each([
    ['a comment', { comment: 'built by hand' }],
    ['a comment that holds an end signature', { comment: `PK\u0005\u0006${'\0'.repeat(30)}` }],
    ['a shell script before it', { prefix: '#!/bin/sh\nexec java -jar "$0"\n' }],
    ['zip64 records', { zip64: true }],
    ['zip64 records after a script', { zip64: true, prefix: '#!/bin/sh\n' }],
  ])('reads an archive with %s', (_title, options) => {
    const source = sourceOf(writeZip([{ name: 'a', content: 'alpha', deflate: true }], options))

    expect(readZipDirectory(source).faults).toEqual([])
    expect(textOf(source, 'a')).toBe('alpha')
  })

  it('reads an archive with nothing in it', () => {
    expect(readZipDirectory(sourceOf(writeZip([]))).entries).toEqual([])
  })

  it('reads a stored member as a source of its own', () => {
    const inner = writeZip([{ name: 'deep', content: 'down' }])
    const outer = sourceOf(writeZip([{ name: 'inner.zip', content: inner }], { prefix: 'xyz' }))
    const directory = readZipDirectory(outer)

    const source = storedZipMember(outer, directory, directory.entries[0]!)

    expect(source.size).toBe(inner.length)
    expect(textOf(source, 'deep')).toBe('down')
    expect(source.read(inner.length, 10)).toHaveLength(0)
    expect(source.read(inner.length - 1, 10)).toHaveLength(1)
  })

  it.each([
    ['nothing', new Uint8Array(0), 'not-zip'],
    ['text', new TextEncoder().encode('version https://git-lfs.example/spec\n'), 'not-zip'],
    ['a truncated archive', writeZip([{ name: 'a', content: 'alpha' }]).subarray(0, 60), 'truncated'],
  ])('refuses %s', (_title, bytes, fault) => {
    expect(faultOf(() => readZipDirectory(sourceOf(bytes)))).toBe(fault)
  })

  it.each([
    ['encrypted', { name: 'a', content: 'x', encrypted: true }, 'encrypted'],
    ['compressed by an unknown method', { name: 'a', content: 'x', method: 93 }, 'unsupported'],
    ['named differently in its header', { name: 'a', localName: 'b', content: 'x' }, 'damaged'],
    ['shorter than announced', { name: 'a', content: 'x'.repeat(50), deflate: true, announcedSize: 99 }, 'damaged'],
    ['announced to reach into the directory', { name: 'a', content: 'x', announcedPackedSize: 40 }, 'damaged'],
    ['at a place without a header', { name: 'a', content: 'x'.repeat(60), announcedOffset: 7 }, 'damaged'],
    ['far past the end', { name: 'a', content: 'x', announcedOffset: 0xfffffff0 }, 'truncated'],
  ])('refuses a member that is %s', (_title, member, fault) => {
    const source = sourceOf(writeZip([member]))

    expect(faultOf(() => textOf(source, 'a'))).toBe(fault)
  })

  it('stops at the announced size, so that a bomb does not go off', () => {
    const bomb = { name: 'a', content: new Uint8Array(5_000_000), deflate: true, announcedSize: 100 }
    const source = sourceOf(writeZip([bomb]))

    expect(() => textOf(source, 'a')).toThrow(LimitError)
    expect(() => textOf(source, 'a', 10)).toThrow(LimitError)
  })

  it('tells of members that overlap', () => {
    const members = [
      { name: 'a', content: 'x'.repeat(100) },
      { name: 'a', content: 'y', announcedOffset: 0, announcedPackedSize: 100, announcedSize: 100 },
    ]

    expect(readZipDirectory(sourceOf(writeZip(members))).faults).toEqual([
      'members of the archive overlap or lie outside of it',
    ])
  })

  it('tells of a wrong number of members and refuses too many', () => {
    const source = sourceOf(writeZip([{ name: 'a' }, { name: 'b' }], { announcedEntries: 3 }))

    expect(readZipDirectory(source).faults).toEqual(['the zip directory announces 3 members and lists 2'])
    expect(() => readZipDirectory(source, 1)).toThrow(LimitError)
  })

  it('never throws anything but its own errors', () => {
    const honest = writeZip([{ name: 'a', content: 'alpha', deflate: true }, { name: 'b' }], { zip64: true })

    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { maxLength: 12 }), changes => {
        const bytes = new Uint8Array(honest)
        for (const [at, value] of changes) bytes[at] = value
        const source = sourceOf(bytes)
        try {
          const directory = readZipDirectory(source)
          for (const entry of directory.entries) {
            const read = () => readZipMember(source, directory, { entry, maxBytes: 1000, inflate: tolerantInflate })
            expect(read).not.toThrow(RangeError)
          }
        } catch (error) {
          expect(error instanceof ZipError || error instanceof LimitError).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  itWith('zip', hasZip)('reads what Info-ZIP writes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zip-'))
    try {
      writeFileSync(join(folder, 'one.txt'), 'one\n'.repeat(500))
      writeFileSync(join(folder, 'two.bin'), Buffer.alloc(3, 7))
      execFileSync('zip', ['-q', '-fz', 'out.zip', 'one.txt', 'two.bin'], { cwd: folder })
      const source = sourceOf(readFileSync(join(folder, 'out.zip')))

      expect(readZipDirectory(source).faults).toEqual([])
      expect(textOf(source, 'one.txt')).toBe('one\n'.repeat(500))
      expect(textOf(source, 'two.bin')).toBe('\u0007\u0007\u0007')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

function sourceOf(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

function textOf(source: ByteSource, name: string, maxBytes = 1_000_000): string {
  const directory = readZipDirectory(source)
  const entry = directory.entries.find(candidate => candidate.name === name)!
  return new TextDecoder().decode(readZipMember(source, directory, { entry, maxBytes, inflate }))
}

function inflate(data: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflateRawSync(data, { maxOutputLength: maxBytes })
  } catch (cause) {
    throw (cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? new LimitError('too much') : cause
  }
}

function tolerantInflate(data: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflate(data, maxBytes)
  } catch {
    return new Uint8Array(0)
  }
}

function faultOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return error instanceof ZipError ? error.fault : String(error)
  }
  return undefined
}

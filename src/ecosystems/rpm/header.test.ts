import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FileRow, pathBudget, readFileList } from './file-list.ts'
import { type Header, openHeader, tags } from './header.ts'
import { readPackage } from './package-row.ts'

type Entry = readonly [tag: number, type: number, count: number, data: Uint8Array]

const text = (...parts: readonly string[]) => new TextEncoder().encode(parts.map(part => `${part}\0`).join(''))

function int32(...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4)
  for (const [index, number] of numbers.entries()) new DataView(bytes.buffer).setUint32(index * 4, number)
  return bytes
}

/** A header as https://rpm-software-management.github.io/rpm/manual/format_header.html lays it out, without alignment. */
function build(...entries: readonly Entry[]): Uint8Array {
  const size = entries.reduce((sum, entry) => sum + entry[3].length, 0)
  const bytes = new Uint8Array(8 + entries.length * 16 + size)
  bytes.set(int32(entries.length, size))
  let offset = 0
  for (const [index, [tag, type, count, data]] of entries.entries()) {
    bytes.set(int32(tag, type, offset, count), 8 + index * 16)
    bytes.set(data, 8 + entries.length * 16 + offset)
    offset += data.length
  }
  return bytes
}

const basic: readonly Entry[] = [
  [tags.name, 6, 1, text('a')],
  [tags.version, 6, 1, text('1')],
  [tags.release, 6, 1, text('2')],
]

function files(header: Header): readonly FileRow[] {
  return readFileList(header, { mayProve: () => true }, pathBudget())
}

describe('ecosystems/rpm/header.ts', () => {
  it('reads text and numbers', () => {
    const header = openHeader(
      build(
        [63, 7, 16, new Uint8Array(16)],
        ...basic,
        [tags.dirIndexes, 4, 2, int32(7, 0xffffffff)],
        [tags.license, 9, 2, text('MIT', 'MIT auf Deutsch')],
      ),
    )

    expect(header.string(tags.name)).toBe('a')
    expect(header.string(tags.license)).toBe('MIT')
    expect(header.numbers(tags.dirIndexes)).toEqual([7, 0xffffffff])
    expect([header.string(tags.vendor), header.string(tags.dirIndexes), header.numbers(tags.name)]).toEqual([
      undefined,
      undefined,
      [],
    ])
  })

  it('lets what was added last win', () => {
    const header = openHeader(build(...basic, [tags.name, 6, 1, text('b')]))

    expect(header.string(tags.name)).toBe('b')
  })

  it.each([
    ['nothing', new Uint8Array(0)],
    ['no entries', int32(0, 0)],
    ['more entries than allowed', int32(0x10000, 0)],
    ['an index past the end', int32(2, 0, 1, 1, 1, 1)],
    ['data past the end', int32(1, 5, 1000, 6, 0, 1)],
  ])('refuses %s', (_, bytes) => {
    expect(() => openHeader(bytes)).toThrow()
  })

  it('refuses text and numbers that are cut off', () => {
    const header = openHeader(build([tags.epoch, 4, 2, int32(1)], [tags.name, 6, 1, new Uint8Array([97])]))

    expect(() => header.string(tags.name)).toThrow('cut off')
    expect(() => header.numbers(tags.epoch)).toThrow('cut off')
  })

  it('refuses counts beyond all measure', () => {
    const header = openHeader(
      build([tags.baseNames, 8, 0xffffffff, text('a')], [tags.dirIndexes, 4, 0xffffffff, int32(1)]),
    )

    expect(() => header.strings(tags.baseNames)).toThrow('more than')
    expect(() => header.numbers(tags.dirIndexes)).toThrow('more than')
  })
})

describe('ecosystems/rpm/package-row.ts', () => {
  it('needs a name and a version', () => {
    expect(() => readPackage(openHeader(build(basic[1]!)))).toThrow('no name')
    expect(() => readPackage(openHeader(build(basic[0]!)))).toThrow('no version')
  })
})

describe('ecosystems/rpm/file-list.ts', () => {
  it('reads the whole paths of rpm 3, and names digests by their algorithm', () => {
    const digest = 'd41d8cd98f00b204e9800998ecf8427e'
    const lists: Entry[] = [
      [tags.oldFileNames, 8, 3, text('/a', 'b', '')],
      [tags.fileDigests, 8, 3, text(digest, digest, digest)],
    ]

    const rows = [undefined, 1, 8].map(algorithm => {
      const more: Entry[] = algorithm === undefined ? [] : [[tags.fileDigestAlgo, 4, 1, int32(algorithm)]]
      return files(openHeader(build(...basic, ...lists, ...more)))
    })

    const md5 = `md5:${digest}`
    expect(rows).toEqual([
      [
        ['a', md5],
        ['b', md5],
      ],
      [
        ['a', md5],
        ['b', md5],
      ],
      [['a'], ['b']],
    ])
  })

  it('leaves out files whose directory is not there or whose path is too long', () => {
    const header = openHeader(
      build(
        ...basic,
        [tags.baseNames, 8, 4, text('x', 'y', 'z', 'v')],
        [tags.dirNames, 8, 2, text('/usr/', `/${'a'.repeat(5000)}/`)],
        [tags.dirIndexes, 4, 3, int32(0, 9, 1)],
      ),
    )

    expect(files(header)).toEqual([['usr/x']])
  })

  it('throws only errors on any bytes', () => {
    const tag = fc.constantFrom(...Object.values(tags))
    const entry = fc.tuple(tag, fc.nat(10), fc.nat(5), fc.uint8Array({ maxLength: 12 }))

    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 20 }), fc.nat(200), (entries, cut) => {
        try {
          const header = openHeader(build(...entries).subarray(0, cut * 4))
          files(header)
          readPackage(header)
        } catch (error) {
          expect((error as Error).name).toMatch(/^(?:Damage|LimitError)$/)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is bounded where few bytes stand for long paths', () => {
    const count = 20_000
    const header = openHeader(
      build(
        ...basic,
        [tags.baseNames, 8, count, text(...Array.from({ length: count }, () => 'x'))],
        [tags.dirNames, 8, 1, text(`/${'a'.repeat(4000)}/`)],
        [tags.dirIndexes, 4, count, int32(...Array.from({ length: count }, () => 0))],
      ),
    )

    expect(() => files(header)).toThrow('too long')
    expect(() => readFileList(header, { mayProve: () => false }, { looked: 1_000_000, kept: 0 })).toThrow('too long')
  })
})

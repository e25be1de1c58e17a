import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joined, paxItem, type TarItem, tarBytes, tarHeader } from '#test/images/tar-writer.ts'
import { type TarFault, type TarLimits, TarParser } from './tar.ts'
import type { TarMember } from './tar-member.ts'
import { decodeText } from './text.ts'

interface Reading {
  readonly members: TarMember[]
  readonly bodies: Map<string, string>
  readonly faults: TarFault[]
}

function readTar(
  bytes: Uint8Array,
  options: { pieces?: readonly number[]; limits?: Partial<TarLimits> } = {},
): Reading {
  const reading: Reading = { members: [], bodies: new Map(), faults: [] }
  let pieces: Uint8Array[] = []
  const parser = new TarParser(
    {
      member: member => {
        reading.members.push(member)
        pieces = []
        return member.kind === 'file'
      },
      data: piece => pieces.push(piece.slice()),
      done: member => reading.bodies.set(member.name, decodeText(joined(pieces))),
      fault: fault => reading.faults.push(fault),
    },
    options.limits,
  )
  let offset = 0
  for (let turn = 0; offset < bytes.length; turn++) {
    const size = options.pieces?.[turn % options.pieces.length] ?? bytes.length
    parser.push(bytes.subarray(offset, offset + size))
    offset += size
  }
  parser.end()
  return reading
}

const long = `${'deep/'.repeat(60)}file.txt`

const archive: readonly TarItem[] = [
  { name: 'folder/', type: '5', mode: 0o755 },
  { name: 'folder/a.txt', body: 'alpha' },
  { name: 'folder/link', type: '2', linkName: 'a.txt' },
  { name: 'folder/hard', type: '1', linkName: 'folder/a.txt', size: 5 },
  paxItem([['path', long]]),
  { name: 'short', body: 'b'.repeat(600) },
  { name: '././@LongLink', type: 'L', body: `${long}.gnu\0` },
  { name: 'short', body: '', magic: 'gnu' },
  { name: 'device', type: '3' },
]

describe('lib/tar', () => {
  it('reads members, links and bodies of all dialects', () => {
    const { members, bodies, faults } = readTar(tarBytes(archive))

    expect(members.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'directory folder/',
      'file folder/a.txt',
      'symlink folder/link',
      'hardlink folder/hard',
      `file ${long}`,
      `file ${long}.gnu`,
      'other device',
    ])
    expect(bodies.get('folder/a.txt')).toBe('alpha')
    expect(bodies.get(long)).toBe('b'.repeat(600))
    expect(members[2]?.linkName).toBe('a.txt')
    expect(members[3]?.stored).toBe(0)
    expect(members[0]?.mode).toBe(0o755)
    expect(faults).toEqual([])
  })

  it.each([
    ['ustar prefix', [{ name: 'name', prefix: 'some/folder' }], 'some/folder/name'],
    ['no prefix in v7', [{ name: 'name', prefix: 'x', magic: 'v7' as const }], 'name'],
    [
      'prefix of Go before 1.8 under GNU magic',
      [{ name: 'name', prefix: 'old/go', magic: 'gnu' as const }],
      'old/go/name',
    ],
    ['PAX path over header', [paxItem([['path', 'pax']]), { name: 'head' }], 'pax'],
    ['empty PAX path takes it back', [paxItem([['path', '']]), { name: 'head' }], 'head'],
    [
      'last PAX record counts',
      [
        paxItem([
          ['path', 'a'],
          ['path', 'b'],
        ]),
        { name: 'head' },
      ],
      'b',
    ],
    [
      'GNU long name over PAX',
      [paxItem([['path', 'pax']]), { name: 'l', type: 'L', body: 'gnu\0' }, { name: 'h' }],
      'gnu',
    ],
    [
      'a later extended header replaces an earlier one',
      [paxItem([['path', 'a']]), paxItem([['mtime', '1']]), { name: 'h' }],
      'h',
    ],
    ['bytes that are not UTF-8', [{ name: Uint8Array.of(0x63, 0xe9, 0x2e) }], 'c\\xe9.'],
    ['UTF-8', [{ name: 'größe/日本' }], 'größe/日本'],
  ] as readonly (readonly [string, readonly TarItem[], string])[])('names: %s', (_title, items, expected) => {
    const { members, faults } = readTar(tarBytes(items))

    expect(members.map(({ name }) => name)).toEqual([expected])
    expect(faults).toEqual([])
  })

  it('takes sizes in base 256, in octal with blanks and from PAX', () => {
    const wide = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3)
    const blank = new TextEncoder().encode('      3 \0   ')
    const bytes = tarBytes([
      { name: 'a', body: 'abc', size: wide },
      { name: 'b', body: 'abc', size: blank },
      paxItem([['size', '3']]),
      { name: 'c', body: 'abc', size: 0 },
    ])

    const { bodies, faults } = readTar(bytes)

    expect([...bodies]).toEqual([
      ['a', 'abc'],
      ['b', 'abc'],
      ['c', 'abc'],
    ])
    expect(faults).toEqual([])
  })

  it('ignores global headers as runtimes do, and says so where they would change members', () => {
    const harmless = readTar(tarBytes([paxItem([['comment', 'abc']], 'g'), { name: 'a' }]))
    const harmful = readTar(tarBytes([paxItem([['path', 'b']], 'g'), { name: 'a' }]))

    expect(harmless.faults).toEqual([])
    expect(harmful.members[0]?.name).toBe('a')
    expect(harmful.faults[0]?.code).toBe('unsupported')
  })

  it.each([
    [
      'wrong checksum',
      joined([tarBytes([{ name: 'a' }], { end: false }), new Uint8Array(512).fill(0x41)]),
      'unreadable',
    ],
    [
      'size that is no number',
      tarBytes([{ name: 'a', size: new TextEncoder().encode('99999999999\0') }]),
      'unreadable',
    ],
    ['negative size', tarBytes([{ name: 'a', size: new Uint8Array(12).fill(0xff) }]), 'unreadable'],
    ['size above 2^53', tarBytes([{ name: 'a', size: new Uint8Array(12).fill(0xbf) }]), 'unreadable'],
    ['PAX size that is no number', tarBytes([paxItem([['size', '-1']]), { name: 'a' }]), 'unreadable'],
    ['damaged PAX record', tarBytes([{ name: 'x', type: 'x', body: '99 path=a\n' }, { name: 'a' }]), 'unreadable'],
    ['huge extended header', tarBytes([{ name: 'x', type: 'x', size: 2 ** 21 }]), 'limit'],
    ['body that is cut', joined([tarHeader({ name: 'a', size: 4000 }), new Uint8Array(512)]), 'truncated'],
    ['extended header at the end', tarBytes([paxItem([['path', 'a']])]), 'truncated'],
    ['a second archive behind the end', joined([tarBytes([{ name: 'a' }]), tarBytes([{ name: 'b' }])]), 'unsupported'],
    [
      'damaged sparse map',
      tarBytes([
        paxItem([
          ['GNU.sparse.map', '5,x'],
          ['GNU.sparse.size', '9'],
        ]),
        { name: 'a' },
      ]),
      'unreadable',
    ],
    [
      'sparse map beyond the file',
      tarBytes([
        paxItem([
          ['GNU.sparse.map', '5,9'],
          ['GNU.sparse.size', '9'],
        ]),
        { name: 'a', body: '123456789' },
      ]),
      'unreadable',
    ],
  ])('reports: %s', (_title, bytes, code) => {
    expect(readTar(bytes).faults.map(fault => fault.code)).toContain(code)
  })

  it('counts a lone zero block as damage and reads on; zeros and garbage behind the end are nothing', () => {
    const lone = readTar(joined([tarHeader({ name: 'a' }), new Uint8Array(512), tarBytes([{ name: 'b' }])]))
    const padded = readTar(joined([tarBytes([{ name: 'a' }]), new Uint8Array(20_480)]))
    const garbage = readTar(joined([tarBytes([{ name: 'a' }]), new Uint8Array(700).fill(7)]))
    const unended = readTar(tarBytes([{ name: 'a' }], { end: false }))

    expect(lone.members.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(lone.faults).toHaveLength(1)
    expect([padded.faults, garbage.faults, unended.faults]).toEqual([[], [], []])
  })

  it('stops at its limit of members', () => {
    const { members, faults } = readTar(tarBytes([{ name: 'a' }, { name: 'b' }, { name: 'c' }]), {
      limits: { members: 2 },
    })

    expect(members).toHaveLength(2)
    expect(faults[0]?.code).toBe('limit')
  })

  it('reads the same in pieces of any size', () => {
    const bytes = tarBytes(archive)
    const whole = readTar(bytes)

    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 8 }), pieces => {
        expect(readTar(bytes, { pieces })).toEqual(whole)
      }),
      { numRuns: 60 },
    )
  })

  it('never throws on random bytes, nor on an archive with a changed byte', () => {
    const bytes = tarBytes(archive)

    fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), random => void readTar(random)))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (index, value) => {
        const changed = bytes.slice()
        changed[index] = value
        readTar(changed)
      }),
      { numRuns: 500 },
    )
  })

  it('says that it is cut, wherever it is cut inside a member', () => {
    const bytes = tarBytes([{ name: 'a', body: 'x'.repeat(700) }, paxItem([['path', 'q']]), { name: 'b', body: 'y' }])
    const whole = new Set([0, 512 + 1024, bytes.length])

    for (let length = 0; length <= 512 + 700; length++) {
      const { faults } = readTar(bytes.subarray(0, length))
      if (!whole.has(length) && length < 512 + 700) expect(faults.map(({ code }) => code)).toEqual(['truncated'])
    }
    for (let length = 0; length <= bytes.length; length++) readTar(bytes.subarray(0, length))
  })
})

import { afterAll, describe, expect, it } from 'vitest'
import type { ProblemCode } from '#model/problem.ts'
import { joined, paxItem, type TarItem, tarBytes, tarHeader } from '#test/images/tar-writer.ts'
import { inEveryFormat, list, openCage, unsafe } from './cage.ts'
import { inEveryEncoding, writeLayout } from './layouts.ts'

const cage = openCage('archives')
afterAll(() => cage.close())

const npm = (name: string, directory = 'node_modules'): TarItem => ({
  name: `${directory}/${name}/package.json`,
  body: JSON.stringify({ name, version: '1.0.0' }),
})
const link = (name: string, linkName: string): TarItem => ({ name, type: '2', linkName })
const hardLink = (name: string, linkName: string): TarItem => ({ name, type: '1', linkName })
const x = npm('x')

/** A 12 byte size in base 256. */
const binary = (...bytes: readonly number[]) => Uint8Array.from([...bytes, ...new Array(12 - bytes.length).fill(0xff)])
const raw = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
/** A PAX header whose body is these bytes, be they records or not. */
const paxBody = (body: string): TarItem => ({ name: 'PaxHeaders/x', type: 'x', body })
const longName = (body: string | Uint8Array, size?: number): TarItem => ({
  name: '././@LongLink',
  type: 'L',
  body,
  size,
})
const sparse = (map: readonly (readonly [string, string])[]): readonly TarItem[] => [
  paxItem([
    ['GNU.sparse.major', '0'],
    ['GNU.sparse.minor', '1'],
    ['GNU.sparse.name', 'node_modules/s/package.json'],
    ...map,
  ]),
  { name: 'node_modules/s/package.json', body: '{"name":"s","version":"1.0.0"}' },
]

/** An archive of `before`, the case and `last`, in each encoding: what was found, and what was told of. */
async function see(items: readonly TarItem[] | Uint8Array) {
  const middle = items instanceof Uint8Array ? items : tarBytes(items, { end: false })
  const layers = inEveryEncoding(encoding =>
    joined([tarBytes([npm('before')], { end: false }), middle, tarBytes([npm(`last-${encoding}`)])]),
  )
  return list(cage, writeLayout(cage.next(), layers))
}

const around = ['before', 'last-gzip', 'last-plain', 'last-zstd']

describe('hostile archives', () => {
  it.each<readonly [string, readonly TarItem[], readonly string[]]>([
    ['absolute names', [{ ...x, name: `/${x.name}` }], ['x']],
    ['names with dots', [{ ...x, name: `./././${x.name}` }, { name: './' }, { name: '.', type: '5' }], ['x']],
    [
      'device nodes where files are wanted',
      ['3', '4', '6', '7'].map((type, at) => ({
        name: `node_modules/${at}/package.json`,
        type,
        body: type === '7' ? x.body : '',
      })),
      ['x'],
    ],
    [
      'links to files of the host',
      [
        link('node_modules/h/package.json', cage.secret),
        link('node_modules/i/package.json', `../../../../../../../../..${cage.secret}`),
      ],
      [],
    ],
    [
      'a link to the root of the host',
      [
        link('node_modules/h', cage.secret.replace(/\/package\.json$/, '')),
        link('var/lib/dpkg', '/'),
        link('etc/os-release', '/dev/zero'),
      ],
      [],
    ],
    [
      'links in circles',
      [
        link('a', 'b'),
        link('b', 'a'),
        link('node_modules/c', '/a'),
        link('d', 'd'),
        link('e', 'e/e/e'),
        link('etc/os-release', '/a'),
      ],
      [],
    ],
    [
      'links that double at every step',
      [...Array.from({ length: 60 }, (_, at) => link(`l${at}`, `l${at + 1}/l${at + 1}`)), link('etc/os-release', 'l0')],
      [],
    ],
    ['names that differ by case', [npm('Q'), npm('q'), npm('r', 'Node_Modules')], ['Q', 'q']],
    ['one name many times', Array.from({ length: 5000 }, () => x), ['x']],
    ['a member below a file', [{ name: 'node_modules/y', body: '' }, npm('y')], ['y']],
    ['whiteouts of nothing there', [{ name: '.wh.nothing' }, { name: 'a/b/c/.wh.d' }, { name: 'e/.wh..wh..opq' }], []],
    ['the end in the middle of zeros', [{ name: 'zeros', body: new Uint8Array(100_000) }], []],
    ['PAX headers without end', Array.from({ length: 20_000 }, () => paxItem([['comment', 'x'.repeat(400)]])), []],
    [
      'prototypes in PAX',
      [
        paxItem([
          ['__proto__', 'x'],
          ['constructor', 'y'],
          ['hasOwnProperty', 'z'],
        ]),
        x,
      ],
      ['x'],
    ],
    [
      'a name of many directories',
      [longName(`${'d/'.repeat(1000)}node_modules/deep/package.json\0`), npm('deep')],
      ['deep'],
    ],
    // A runtime removes the directory first, so y is told of although it is gone. No builder writes a path twice into one
    // layer; of an archive that is made by hand more is told rather than less.
    ['a file where a directory was', [npm('y'), { name: 'node_modules/y', body: '' }], ['y']],
  ])('are read as a runtime reads them: %s', async (_title, items, found) => {
    const seen = await see(items)

    expect({ ...seen, names: [...new Set(seen.names)].sort() }).toEqual({
      code: 0,
      stderr: '',
      codes: [],
      names: [...around, ...found].sort(),
    })
  })

  it.each<readonly [string, readonly TarItem[]]>([
    [
      'names that climb out',
      [
        { ...x, name: '../../../node_modules/x/package.json' },
        { name: 'a/../../../etc/os-release', body: 'ID=debian' },
      ],
    ],
    ['hard links to files of the host', [hardLink('node_modules/h/package.json', cage.secret)]],
    ['hard links that climb out', [hardLink('node_modules/h/package.json', `../../../../../../../..${cage.secret}`)]],
    [
      'hard links in circles',
      [
        hardLink('node_modules/h/package.json', 'node_modules/i/package.json'),
        hardLink('node_modules/i/package.json', 'node_modules/h/package.json'),
      ],
    ],
    ['hard links to themselves', [hardLink('node_modules/h/package.json', 'node_modules/h/package.json')]],
    ['an unknown type', [{ ...x, type: 'Z' }]],
    ['whiteouts of no name', [{ name: 'node_modules/.wh.' }]],
    ['whiteouts of what is above', [{ name: 'node_modules/.wh...' }]],
    ['a longer path than any system has', [longName(`${'d/'.repeat(40_000)}node_modules/x/package.json\0`), x]],
    [
      'a sparse map that goes backwards',
      sparse([
        ['GNU.sparse.size', '1000'],
        ['GNU.sparse.map', '900,10,0,10'],
      ]),
    ],
    [
      'a sparse map beyond its file',
      sparse([
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,30'],
      ]),
    ],
    [
      'a sparse map without numbers',
      sparse([
        ['GNU.sparse.size', 'x'],
        ['GNU.sparse.map', 'a,b'],
      ]),
    ],
    [
      'a sparse map of negative sizes',
      sparse([
        ['GNU.sparse.size', '-5'],
        ['GNU.sparse.map', '-1,-1'],
      ]),
    ],
    [
      'a sparse file of a petabyte',
      sparse([
        ['GNU.sparse.size', String(2 ** 50)],
        ['GNU.sparse.map', '0,30'],
      ]),
    ],
  ])('are told of, and the rest is read: %s', async (_title, items) => {
    const seen = await see(items)

    expect(seen.code).toBe(3)
    expect(seen.codes).not.toEqual([])
    expect(seen.names).toEqual(expect.arrayContaining(around))
    expect(seen.names).not.toContain('x')
  })

  // Go's archive/tar, which unpacks layers in every runtime, refuses all of these but the last; GNU tar reads on where the
  // place of the next header is certain. What is read on is never without a problem.
  const rest = [...around, 'x']
  it.each<readonly [string, readonly TarItem[] | Uint8Array, readonly string[], readonly ProblemCode[]]>([
    ['a PAX size below zero', [paxItem([['size', '-512']]), x], ['before'], ['unreadable']],
    ['a PAX size above all', [paxItem([['size', '99999999999999999999999999']]), x], ['before'], ['unreadable']],
    ['a PAX size that is no number', [paxItem([['size', '1e3']]), x], ['before'], ['unreadable']],
    ['a PAX size beyond the archive', [paxItem([['size', String(2 ** 40)]]), x], ['before'], ['limit', 'truncated']],
    ['a PAX length that lies', [paxBody('99999999999999999999 path=y\n'), x], rest, ['unreadable']],
    ['a PAX length of nothing', [paxBody('0 path=y\n'), x], rest, ['unreadable']],
    ['a PAX length below zero', [paxBody('-5 path=y\n'), x], rest, ['unreadable']],
    ['PAX that is no text', [paxBody('\xff\xfe\x00\x01 = \x00'), x], rest, ['unreadable']],
    ['a size below zero in base 256', [{ ...x, size: binary(0xff) }], ['before'], ['unreadable']],
    ['a huge size in base 256', [{ ...x, size: binary(0x80, 0x7f) }], ['before'], ['unreadable']],
    ['the largest size in octal', [{ ...x, size: raw('777777777777') }], ['before'], ['limit', 'truncated']],
    ['a size that is no octal', [{ ...x, size: raw('99zz\0\0\0\0\0\0\0\0') }], ['before'], ['unreadable']],
    ['a size with a sign', [{ ...x, size: raw('-0000000012\0') }], ['before'], ['unreadable']],
    ['a long name without end', [longName('x', 2 ** 33)], ['before'], ['limit']],
    ['a wrong checksum', joined([spoil(tarHeader(x)), new Uint8Array(512)]), ['before'], ['unreadable']],
    ['a header of anything', new Uint8Array(512).fill(0xaa), ['before'], ['unreadable']],
    ['half a header', new Uint8Array(100).fill(0x41), ['before'], ['unreadable']],
    ['a lone zero block', new Uint8Array(512), around, ['unreadable']],
    ['a second archive behind the first', tarBytes([npm('y')]), ['before', 'y'], ['unsupported']],
  ])('are never called clean: %s', async (_title, items, names, codes) => {
    const seen = await see(items)

    expect({ ...seen, names: [...seen.names].sort(), codes: [...seen.codes].sort() }).toEqual({
      code: 3,
      stderr: '',
      names: [...names].sort(),
      codes,
    })
  })

  it.each([
    ['a line end', 'node_modules/a\nb/package.json'],
    ['an escape', 'node_modules/\x1b[2J\x1b]0;t\x07/package.json'],
    ['a bidirectional mark', 'node_modules/a\u202eb\u2066/package.json'],
    ['C1 controls', 'node_modules/a\u009b31m\u0085/package.json'],
    ['a command', 'node_modules/::error::x/package.json'],
    [
      'an invalid UTF-8',
      Uint8Array.from([...Buffer.from('node_modules/'), 0xff, 0xc0, 0x80, ...Buffer.from('/package.json')]),
    ],
  ])('may have names with %s', async (_title, name) => {
    const body = '{"name":"odd","version":"1.0.0"}'
    const layers = inEveryEncoding(encoding =>
      tarBytes([{ name, body }, npm(encoding), { name, body: '{', prefix: 'broken' }]),
    )
    const target = writeLayout(cage.next(), layers)

    const { code, stdout, reports } = await inEveryFormat(cage, ['sbom', target, '--paths'])

    expect(code).toBe(3)
    for (const [format, text] of [['table', stdout], ...reports] as const) {
      expect(text, format).toContain('odd')
      if (format === 'table' || format === 'markdown') expect(text, format).not.toMatch(unsafe)
    }
  })

  it('may have names with NUL, which no system has and Go refuses', async () => {
    const seen = await see([paxItem([['path', 'node_modules/x\0y/package.json']]), x])

    expect(seen).toEqual({ code: 3, stderr: '', names: expect.arrayContaining(around), codes: ['unreadable'] })
    expect(seen.names).not.toContain('x')
  })
})

function spoil(block: Uint8Array): Uint8Array {
  block[0] = (block[0] ?? 0) ^ 1
  return block
}

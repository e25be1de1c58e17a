import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import type { TarItem } from '#test/images/tar-writer.ts'
import { inEveryFormat, list, openCage, unsafe } from './cage.ts'

const cage = openCage('content')
afterAll(() => cage.close())

/** A directory with one sound lock file and this one. */
function directoryOf(name: string, text: string): string {
  const folder = cage.next()
  mkdirSync(join(folder, 'sound'), { recursive: true })
  writeFileSync(
    join(folder, 'sound/package-lock.json'),
    '{"lockfileVersion":3,"packages":{"node_modules/sound":{"version":"1.0.0"}}}',
  )
  writeFileSync(join(folder, name), text)
  return folder
}

/** The same, in a folder of its own. */
function inFolder(name: string, text: string): string {
  const folder = directoryOf('readme.txt', '')
  mkdirSync(join(folder, 'large'))
  writeFileSync(join(folder, 'large', name), text)
  return folder
}

const imageOf = (...items: readonly TarItem[]) => writeDockerArchive(cage.next('.tar'), [{ layers: [items] }])
const many = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join('')
const debian: TarItem = { name: 'etc/os-release', body: 'ID=debian\nVERSION_ID="12"\n' }
const stanza = (name: string, more = '') =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n${more}\n`
const laughs = (item: (at: number) => string) => many(30, item)

/** A line of Markdown without its code spans (https://spec.commonmark.org/0.31.2/#code-spans). */
function withoutCode(line: string): string {
  return line.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '')
}

/** Lock files and manifests that are read as text, each with what its entries look like. */
const lists: readonly (readonly [name: string, start: string, entry: (at: number) => string, end: string])[] = [
  [
    'package-lock.json',
    '{"lockfileVersion":3,"packages":{',
    at => `"node_modules/p${at}":{"version":"1.0.0"},`,
    '"":{}}}',
  ],
  ['pnpm-lock.yaml', "lockfileVersion: '9.0'\npackages:\n", at => `  p${at}@1.0.0: {resolution: {}}\n`, ''],
  ['yarn.lock', '# yarn lockfile v1\n\n', at => `p${at}@^1:\n  version "1.0.0"\n\n`, ''],
  ['uv.lock', 'version = 1\n', at => `[[package]]\nname = "p${at}"\nversion = "1.0.0"\n`, ''],
  ['poetry.lock', '', at => `[[package]]\nname = "p${at}"\nversion = "1.0.0"\n`, ''],
  ['Pipfile.lock', '{"default":{', at => `"p${at}":{"version":"==1.0.0"},`, '"z":{"version":"==1.0.0"}}}'],
  ['requirements.txt', '', at => `p${at}==1.0.0\n`, ''],
  ['go.mod', 'module example.com/m\nrequire (\n', at => `\texample.com/p${at} v1.0.0\n`, ')\n'],
  [
    'pom.xml',
    '<project><groupId>a</groupId><artifactId>b</artifactId><version>1</version><dependencies>',
    at => `<dependency><groupId>g</groupId><artifactId>p${at}</artifactId><version>1</version></dependency>`,
    '</dependencies></project>',
  ],
]

/** A list of about so many bytes. */
function listOf([, start, entry, end]: (typeof lists)[number], bytes: number): string {
  return start + many(Math.floor(bytes / entry(100_000).length), entry) + end
}

describe('hostile content', () => {
  it.each(lists)('of 100 MB is too large, which is told, and the rest is read: %s', async (...lines) => {
    const [name] = lines
    const big = await list(cage, inFolder(name, listOf(lines, 100_000_000)))

    expect(big).toEqual({ code: 3, stderr: '', names: ['sound'], codes: ['limit'] })
  })

  it.each(lists)('of a hundred thousand packages is read whole: %s', async (...lines) => {
    const [name, start, entry, end] = lines
    const seen = await list(cage, inFolder(name, start + many(100_000, entry) + end))

    expect([seen.code, seen.codes]).toEqual([0, []])
    // A pom.xml lists what is asked for, not what is there.
    expect(seen.names.length).toBeGreaterThan(name === 'pom.xml' ? 1 : 100_000)
  })

  it.each(lists)('of 60 MB lists too many packages, which is told, and the rest is read: %s', async (...lines) => {
    const [name] = lines
    const seen = await list(cage, inFolder(name, listOf(lines, 60_000_000)))

    expect(seen).toEqual({ code: 3, stderr: '', names: ['sound'], codes: ['limit'] })
  })

  it('of several lists of a hundred thousand packages each is read as far as there is room', async () => {
    const folder = directoryOf('readme.txt', '')
    for (const [name, start, entry, end] of lists) {
      mkdirSync(join(folder, `of-${name}`))
      writeFileSync(join(folder, `of-${name}`, name), start + many(100_000, entry) + end)
    }

    const seen = await list(cage, folder)

    expect([seen.code, seen.codes]).toEqual([3, ['limit']])
    expect(seen.names.length).toBeGreaterThan(100_000)
  })

  it.each<readonly [string, readonly TarItem[], (at: number) => string]>([
    ['var/lib/dpkg/status', [debian], at => stanza(`p${at}`)],
    [
      'lib/apk/db/installed',
      [{ name: 'etc/os-release', body: 'ID=alpine\nVERSION_ID=3.20\n' }],
      at => `P:p${at}\nV:1-r0\n\n`,
    ],
  ])('of 60 MB is a package database too long to be read whole: %s', async (name, items, entry) => {
    const body = many(Math.floor(60_000_000 / entry(100_000).length), entry)
    const seen = await list(cage, imageOf(...items, { name, body }))

    expect([seen.code, seen.codes, seen.names.length]).toEqual([3, ['limit'], 100_000])
  })

  it.each<readonly [string, string, () => string]>([
    [
      'a lock file of 100 MB',
      'package-lock.json',
      () =>
        `{"lockfileVersion":3,"packages":{${many(1_100_000, at => `"node_modules/p${at}":{"version":"1.0.0","resolved":"https://registry.npmjs.org/"},`)}"":{}}}`,
    ],
    [
      'deep JSON',
      'package-lock.json',
      () => `{"lockfileVersion":3,"packages":${'{"a":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}}`,
    ],
    ['deep YAML', 'pnpm-lock.yaml', () => `lockfileVersion: '9.0'\npackages: ${'['.repeat(500_000)}`],
    [
      'YAML of a billion laughs',
      'pnpm-lock.yaml',
      () =>
        `lockfileVersion: '9.0'\na0: &a0 [x]\n${laughs(at => `a${at + 1}: &a${at + 1} [${new Array(9).fill(`*a${at}`).join(',')}]\n`)}packages: ''\nlockfileVersion: *a30\n`,
    ],
    [
      'YAML of a billion laughs where packages should be',
      'pnpm-lock.yaml',
      () =>
        `lockfileVersion: '9.0'\na0: &a0 [x]\n${laughs(at => `a${at + 1}: &a${at + 1} [${new Array(9).fill(`*a${at}`).join(',')}]\n`)}packages: *a30\n`,
    ],
    [
      'YAML with merge keys of itself',
      'pnpm-lock.yaml',
      () =>
        `lockfileVersion: '9.0'\na0: &a0 {x: 1}\n${laughs(at => `a${at + 1}: &a${at + 1}\n  <<: [${new Array(500).fill(`*a${at}`).join(',')}]\n`)}packages: *a30\n`,
    ],
    ['deep TOML', 'uv.lock', () => `version = 1\na = ${'['.repeat(200_000)}`],
    [
      'XML of a billion laughs',
      'pom.xml',
      () =>
        `<!DOCTYPE project [<!ENTITY a0 "x">${laughs(at => `<!ENTITY a${at + 1} "${`&a${at};`.repeat(9)}">`)}]><project><groupId>a</groupId><artifactId>&a30;</artifactId><version>1</version></project>`,
    ],
    [
      'XML that names a file of the host',
      'pom.xml',
      () =>
        `<!DOCTYPE project [<!ENTITY f SYSTEM "file://${cage.secret}">]><project><groupId>a</groupId><artifactId>&f;</artifactId><version>1</version></project>`,
    ],
    ['deep XML', 'pom.xml', () => '<a>'.repeat(1_000_000)],
  ])('is told of, and the rest is read: %s', async (_title, name, text) => {
    const seen = await list(cage, directoryOf(name, text()))

    expect([seen.code, seen.names]).toEqual([3, expect.arrayContaining(['sound'])])
  })

  it.each<readonly [string, string]>([
    [
      'package-lock.json',
      '{"__proto__":{"polluted":1},"lockfileVersion":3,"packages":{"__proto__":{"version":"1"},"node_modules/__proto__":{"version":"1.0.0"},"node_modules/constructor":{"version":"1.0.0","__proto__":{"dev":true}}}}',
    ],
    [
      'pnpm-lock.yaml',
      "lockfileVersion: '9.0'\n__proto__: {polluted: 1}\npackages:\n  __proto__@1.0.0: {}\n  constructor@1.0.0: {resolution: {__proto__: {a: 1}}}\n",
    ],
    ['yarn.lock', '# yarn lockfile v1\n\n"__proto__@^1":\n  version "1.0.0"\n\nconstructor@^1:\n  version "1.0.0"\n'],
    ['uv.lock', 'version = 1\n[__proto__]\npolluted = 1\n[[package]]\nname = "constructor"\nversion = "1.0.0"\n'],
    [
      'Pipfile.lock',
      '{"__proto__":{"a":1},"default":{"__proto__":{"version":"==1"},"constructor":{"version":"==1.0.0"}}}',
    ],
    ['requirements.txt', 'constructor==1.0.0\n__proto__==1\n'],
    ['go.mod', 'module __proto__\nrequire (\n\tconstructor v1.0.0\n\t__proto__ v1.0.0\n)\n'],
  ])('has no prototypes to change: %s', async (name, text) => {
    const seen = await list(cage, directoryOf(name, text))

    expect(seen.code === 0 || seen.code === 3).toBe(true)
    expect(seen.names).toEqual(expect.arrayContaining(['constructor', 'sound']))
  })

  it('may call packages anything', async () => {
    const names = [
      '$(touch owned)',
      '`id`',
      '; rm -rf /',
      '[x](javascript:alert(1))',
      '<script>alert(1)</script>',
      '=HYPERLINK("http://e")',
      '+1',
      '@SUM(1)',
      '::error::x',
      '##vso[task.setvariable]x',
      '-->',
      ']]>',
      '| a | b |',
      '\n::set-output name=a::b',
      '\u202eevil',
      '%s%n',
      '../../etc/passwd',
      'a``b`c',
      '``',
      'a\\|b',
      'a\\',
    ]
    const packages = Object.fromEntries(
      names.map(name => [`node_modules/${name}`, { version: '1.0.0', license: name }]),
    )
    const target = directoryOf('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages }))

    const { code, stdout, reports } = await inEveryFormat(cage, ['sbom', target, '--paths'])

    expect([0, 3]).toContain(code)
    expect(stdout).not.toMatch(unsafe)
    const markdown = new Map(reports).get('markdown')!
    expect(markdown).not.toMatch(unsafe)
    // A name is one code span, whatever backticks it has: outside of spans nothing of it is left.
    const rows = markdown.split('\n').filter(line => line.startsWith('| npm '))
    expect(rows.length).toBe(names.length + 1)
    for (const row of rows) expect(withoutCode(row), row).toBe('| npm |  |  |')
  })

  it.each<readonly [string, () => readonly TarItem[]]>([
    [
      'dpkg, one package very often',
      () => [debian, { name: 'var/lib/dpkg/status', body: stanza('a').repeat(199_000) }],
    ],
    [
      'dpkg, a field of megabytes',
      () => [
        debian,
        {
          name: 'var/lib/dpkg/status',
          body: stanza('a', `Description: ${'x '.repeat(8_000_000)}\n`) + stanza('b'.repeat(5_000_000)),
        },
      ],
    ],
    [
      'apk, a field of megabytes',
      () => [
        { name: 'etc/os-release', body: 'ID=alpine\nVERSION_ID=3.20\n' },
        {
          name: 'lib/apk/db/installed',
          body: `P:a\nV:1-r0\nT:${'x'.repeat(16_000_000)}\n\nP:${'b'.repeat(5_000_000)}\nV:1\n\n`,
        },
      ],
    ],
    [
      'apk, one package very often',
      () => [
        { name: 'etc/os-release', body: 'ID=alpine\nVERSION_ID=3.20\n' },
        { name: 'lib/apk/db/installed', body: 'P:a\nV:1-r0\n\n'.repeat(99_000) },
      ],
    ],
  ])('is bounded: %s', async (_title, items) => {
    const seen = await list(cage, imageOf(...items()))

    expect(seen.names).toContain('a')
  })

  it('may be programs whose headers lie', async () => {
    const lies = [
      '\x7fELF\x02\x01\x01',
      '\x7fELF\x01\x02\x01',
      'MZ',
      '\xcf\xfa\xed\xfe',
      '\xca\xfe\xba\xbe',
      '\xfe\xed\xfa\xce',
    ]
    const items = lies.flatMap((magic, at) =>
      [0xff, 0x7f, 0x01].map((fill, of): TarItem => {
        const body = new Uint8Array(100_000).fill(fill)
        body.set(Buffer.from(magic, 'latin1'))
        return { name: `usr/bin/p${at}-${of}`, body, mode: 0o755 }
      }),
    )

    expect(
      (
        await list(
          cage,
          imageOf({ name: 'node_modules/a/package.json', body: '{"name":"a","version":"1.0.0"}' }, ...items),
        )
      ).names,
    ).toEqual(['a'])
  })
})

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import { paxItem, type TarItem } from '#test/images/tar-writer.ts'
import { type Ended, sluice } from '#test/support/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-layers-'))
const environment = { SLUICE_HOME: join(folder, 'home') }
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Layers = readonly (readonly TarItem[])[]
let count = 0

/** Exit code, packages as `name@version path @layer [owner]`, and problems of an image of these layers. */
async function see(layers: Layers, history?: readonly object[]) {
  const path = join(folder, `${++count}.tar`)
  writeDockerArchive(path, [history === undefined ? { layers } : { layers, history }])
  return seen(await sluice(['sbom', path, '-o', 'json'], { environment }))
}

function seen(ended: Ended) {
  const { packages, problems } = JSON.parse(ended.stdout)
  return {
    code: ended.code,
    packages: packages.map(
      // biome-ignore lint/suspicious/noExplicitAny: the report as any reader of JSON has it
      ({ name, version, locations, introduced, owner }: any) =>
        `${name}@${version} ${locations.map((place: { path: string }) => place.path).join(' ')} @${introduced.layer}${owner === undefined ? '' : ` ${/^[^?]+/.exec(owner)![0]}`}`,
    ),
    problems: problems.map(({ code, location }: { code: string; location?: { path: string } }) =>
      `${code} ${location?.path ?? ''}`.trim(),
    ),
  }
}

const clean = (...packages: readonly string[]) => ({ code: 0, packages, problems: [] })

/** An installed npm package. */
function npm(directory: string, name: string, version = '1.0.0'): TarItem {
  return { name: `${directory}/${name}/package.json`, body: JSON.stringify({ name, version }) }
}

const link = (name: string, linkName: string): TarItem => ({ name, type: '2', linkName })
const hardLink = (name: string, linkName: string): TarItem => ({ name, type: '1', linkName })
const directory = (name: string): TarItem => ({ name: `${name}/`, type: '5' })
const whiteout = (name: string): TarItem => ({ name })
const release: TarItem = { name: 'etc/os-release', body: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n' }

/** A dpkg database of `name=version` entries. */
function status(...entries: readonly string[]): string {
  return entries
    .map(entry => {
      const [name, version] = entry.split('=')
      return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`
    })
    .join('\n')
}

describe('layers', () => {
  describe('whiteouts', () => {
    it.each<readonly [string, Layers, readonly string[]]>([
      [
        'of a file',
        [[npm('m', 'x'), npm('m', 'y')], [whiteout('m/x/.wh.package.json')]],
        ['y@1.0.0 m/y/package.json @0'],
      ],
      ['of a directory', [[npm('m', 'x'), npm('m', 'y')], [whiteout('m/.wh.x')]], ['y@1.0.0 m/y/package.json @0']],
      ['of the directory above', [[npm('a/m', 'x')], [whiteout('.wh.a')]], []],
      [
        'and the file anew',
        [[npm('m', 'x')], [whiteout('.wh.m'), npm('m', 'x', '2.0.0')]],
        ['x@2.0.0 m/x/package.json @1'],
      ],
      [
        'behind the file anew',
        [[npm('m', 'x')], [npm('m', 'x', '2.0.0'), whiteout('.wh.m')]],
        ['x@2.0.0 m/x/package.json @1'],
      ],
      [
        'of the own layer’s file only',
        [[npm('m', 'x'), whiteout('m/x/.wh.package.json')]],
        ['x@1.0.0 m/x/package.json @0'],
      ],
      [
        'of everything in a directory',
        [
          [npm('m', 'x'), npm('m', 'y')],
          [npm('m', 'z'), whiteout('m/.wh..wh..opq')],
        ],
        ['z@1.0.0 m/z/package.json @1'],
      ],
      ['of everything', [[npm('m', 'x')], [npm('m', 'z'), whiteout('.wh..wh..opq')]], ['z@1.0.0 m/z/package.json @1']],
      [
        'of a name that begins alike',
        [[npm('m', 'x'), npm('m', 'xx')], [whiteout('m/.wh.x')]],
        ['xx@1.0.0 m/xx/package.json @0'],
      ],
      [
        'that only look like it',
        [[npm('m', 'wh.x'), npm('m', 'y.wh.z')]],
        ['wh.x@1.0.0 m/wh.x/package.json @0', 'y.wh.z@1.0.0 m/y.wh.z/package.json @0'],
      ],
      ['and the same again', [[npm('m', 'x')], [whiteout('.wh.m')], [npm('m', 'x')]], ['x@1.0.0 m/x/package.json @2']],
    ])('%s', async (_title, layers, expected) => {
      const modules = layers.map(items => items.map(inModules))

      expect(await see(modules)).toEqual(
        clean(...expected.map(line => line.replace(/(^| )(a\/)?m\//, '$1$2node_modules/'))),
      )
    })
  })

  describe('symbolic links', () => {
    it('replaces a directory by a link', async () => {
      const layers = [
        [npm('a/node_modules', 'x'), npm('s/node_modules', 'y')],
        [link('a/node_modules', '../s/node_modules')],
      ]

      expect(await see(layers)).toEqual(clean('y@1.0.0 s/node_modules/y/package.json @0'))
    })

    it('writes and removes through the link of a lower layer', async () => {
      const lower = [link('lib', 'usr/lib'), npm('usr/lib/node_modules', 'x'), npm('usr/lib/node_modules', 'y')]
      const layers = [lower, [npm('lib/node_modules', 'x', '2.0.0')], [whiteout('lib/node_modules/.wh.y')]]

      expect(await see(layers)).toEqual(clean('x@2.0.0 usr/lib/node_modules/x/package.json @1'))
    })

    it.each<readonly [string, Layers]>([
      ['a directory took its place', [[directory('lib'), npm('lib/node_modules', 'y')]]],
      ['it was removed', [[whiteout('.wh.lib')], [npm('lib/node_modules', 'y')]]],
      ['it was removed by the same layer', [[whiteout('.wh.lib'), npm('lib/node_modules', 'y')]]],
      ['the root was emptied', [[whiteout('.wh..wh..opq'), npm('lib/node_modules', 'y')]]],
    ])('does not write through a link where %s', async (_title, upper) => {
      const layers = [[link('lib', 'usr/lib'), npm('usr/lib/node_modules', 'x')], ...upper, [whiteout('.wh.usr')]]

      expect((await see(layers)).packages).toEqual([expect.stringContaining('y@1.0.0 lib/node_modules/y/package.json')])
    })

    it('forgets a link whose place a directory of its own layer took', async () => {
      const layers = [
        [link('a', 'b'), directory('a'), directory('b')],
        [npm('a/node_modules', 'x')],
        [whiteout('.wh.b')],
      ]

      expect(await see(layers)).toEqual(clean('x@1.0.0 a/node_modules/x/package.json @1'))
    })

    it('reads a database behind a link under a name that nobody would look for, in each of its versions', async () => {
      const database = (...entries: readonly string[]) => [{ name: 'opt/current', body: status(...entries) }]
      const layers = [
        [release, link('var/lib/dpkg', '../../data'), link('data/status', '/opt/current'), ...database('a=1')],
        database('a=1', 'b=1'),
        database('a=1', 'b=2', 'c=1'),
      ]

      const expected = ['a@1 opt/current @0', 'b@2 opt/current @2', 'c@1 opt/current @2']
      expect(await see(layers)).toEqual(clean(...expected))
    })

    it('reads such a database where a layer names it by another way', async () => {
      const lower = [release, link('var/lib/dpkg', '../../data'), link('way', 'data'), directory('data')]
      const layers = [lower, [{ name: 'way/status', body: status('a=1') }]]

      expect(await see(layers)).toEqual(clean('a@1 data/status @1'))
    })

    it('tells what is wrong with such a database', async () => {
      const layers = [
        [release, link('var/lib/dpkg/status', '/opt/current'), { name: 'opt/current', body: 'Package: a' }],
      ]

      const { code, problems } = await see(layers)
      expect(code).toBe(3)
      expect(problems).toContain('truncated opt/current')
    })

    it('reads the name of the distribution behind any link', async () => {
      const named = [link('etc/os-release', '../nix/release'), { ...release, name: 'nix/release' }]
      const layers = [[...named, { name: 'var/lib/dpkg/status', body: status('a=1') }]]

      expect(await see(layers)).toEqual(clean('a@1 var/lib/dpkg/status @0'))
    })

    it('ends links that go in circles', async () => {
      const circle = [link('var/lib/dpkg', '../../a'), link('a', 'b'), link('b', 'a')]

      expect(await see([[release, ...circle]])).toEqual({ code: 3, packages: [], problems: ['missing'] })
    })
  })

  describe('hard links', () => {
    const stored = { name: 'store/ab/cd', body: '{"name":"x","version":"1.0.0"}' }
    const x = 'x@1.0.0 srv/node_modules/x/package.json @0'
    const name = 'srv/node_modules/x/package.json'

    it.each<readonly [string, Layers, readonly string[]]>([
      ['to a store', [[stored, hardLink(name, 'store/ab/cd')]], [x]],
      ['whose store is removed', [[stored, hardLink(name, 'store/ab/cd')], [whiteout('.wh.store')]], [x]],
      ['to a hard link', [[stored, hardLink('s', 'store/ab/cd'), hardLink(name, 's')]], [x]],
      [
        'to a package that is removed',
        [
          [npm('cache/node_modules', 'x'), hardLink(name, 'cache/node_modules/x/package.json')],
          [whiteout('.wh.cache')],
        ],
        [x],
      ],
      [
        'that are overwritten',
        [[stored, hardLink(name, 'store/ab/cd')], [npm('srv/node_modules', 'x', '2.0.0')]],
        ['x@2.0.0 srv/node_modules/x/package.json @1'],
      ],
      [
        'that are overwritten at once',
        [[stored, hardLink(name, 'store/ab/cd'), npm('srv/node_modules', 'x', '2.0.0')]],
        ['x@2.0.0 srv/node_modules/x/package.json @0'],
      ],
    ])('%s', async (_title, layers, expected) => {
      expect(await see(layers)).toEqual(clean(...expected))
    })

    it('counts both names of one package', async () => {
      const layers = [[npm('a/node_modules', 'x'), hardLink(name, 'a/node_modules/x/package.json')]]

      expect(await see(layers)).toEqual(clean(`x@1.0.0 a/node_modules/x/package.json ${name} @0`))
    })

    it('is incomplete where the layer does not hold the file', async () => {
      const to = 'a/node_modules/x/package.json'

      expect(await see([[npm('a/node_modules', 'x')], [hardLink(name, to)]])).toMatchObject({
        code: 3,
        problems: [`missing ${name}`],
      })
      expect(await see([[hardLink(name, 'nowhere')]])).toMatchObject({ code: 3, problems: [`missing ${name}`] })
    })
  })

  describe('ownership', () => {
    const manifest = npm('usr/lib/node_modules', 'x')
    const digest = execMd5(manifest.body as string)
    const system = (list: string): TarItem[] => [
      release,
      link('lib', 'usr/lib'),
      { name: 'var/lib/dpkg/status', body: status('node-x=1') },
      { name: 'var/lib/dpkg/info/node-x.list', body: `/.\n${list}\n` },
      { name: 'var/lib/dpkg/info/node-x.md5sums', body: `${digest}  ${list.slice(1)}\n` },
    ]
    const deb = 'node-x@1 var/lib/dpkg/status @0'
    const owner = ' pkg:deb/debian/node-x@1'
    const path = 'usr/lib/node_modules/x/package.json'

    it.each<readonly [string, Layers, string]>([
      ['as installed', [[...system(`/${path}`), manifest]], `x@1.0.0 ${path} @0${owner}`],
      [
        'listed through a link',
        [[...system(`/lib/node_modules/x/package.json`), manifest]],
        `x@1.0.0 ${path} @0${owner}`,
      ],
      [
        'copied by a later layer',
        [[...system(`/${path}`), manifest], [{ ...manifest, mode: 0o600 }]],
        `x@1.0.0 ${path} @0${owner}`,
      ],
      [
        'overwritten with other bytes',
        [[...system(`/${path}`), manifest], [{ ...manifest, body: `${manifest.body} ` }]],
        `x@1.0.0 ${path} @0`,
      ],
      [
        'overwritten with another version',
        [[...system(`/${path}`), manifest], [npm('usr/lib/node_modules', 'x', '2.0.0')]],
        `x@2.0.0 ${path} @1`,
      ],
      [
        'at a second place, which is not the system’s',
        [[...system(`/${path}`), manifest], [npm('zzz/node_modules', 'x')]],
        `x@1.0.0 ${path} zzz/node_modules/x/package.json @0`,
      ],
    ])('%s', async (_title, layers, expected) => {
      expect(await see(layers)).toEqual(clean(deb, expected))
    })
  })

  describe('attribution', () => {
    const database = (...entries: readonly string[]): TarItem[] => [
      { name: 'var/lib/dpkg/status', body: status(...entries) },
    ]

    it('follows installation, upgrade, removal and return', async () => {
      const layers = [
        [release, ...database('a=1', 'b=1', 'c=1')],
        database('a=1', 'b=2'),
        database('a=1', 'b=2', 'c=1', 'd=1'),
        [npm('node_modules', 'x')],
      ]

      const lines = [
        'a@1 var/lib/dpkg/status @0',
        'b@2 var/lib/dpkg/status @1',
        'c@1 var/lib/dpkg/status @2',
        'd@1 var/lib/dpkg/status @2',
      ]
      expect(await see(layers)).toEqual(clean(...lines, 'x@1.0.0 node_modules/x/package.json @3'))
    })

    it('gives a package at several places to the first that brought it and still has it', async () => {
      const layers = [[npm('b/node_modules', 'x')], [npm('a/node_modules', 'x')], [whiteout('.wh.a')]]

      expect(await see(layers)).toEqual(clean('x@1.0.0 b/node_modules/x/package.json @0'))
      expect(await see([...layers, [whiteout('.wh.b'), npm('c/node_modules', 'x')]])).toEqual(
        clean('x@1.0.0 c/node_modules/x/package.json @3'),
      )
    })

    it('stays right over two hundred layers and sixty versions of a database', async () => {
      const many = Array.from({ length: 200 }, (_, index) =>
        index < 60
          ? [release, ...database(...Array.from({ length: index + 1 }, (_, n) => `p${n}=1`))]
          : [npm('node_modules', `x${index}`)],
      )

      const { code, packages, problems } = await see(many)
      expect([code, problems, packages.length]).toEqual([0, [], 200])
      for (const line of packages) {
        const [, number, layer] = /^[px](\d+)@.*@(\d+)$/.exec(line)!
        expect(layer).toBe(number)
      }
    })
  })

  describe('kinds of root file systems', () => {
    it('distroless: packages in status.d, and what they own', async () => {
      const manifest = npm('usr/share/nodejs', 'x')
      const layers = [
        [
          release,
          { name: 'var/lib/dpkg/status.d/node-x', body: 'Package: node-x\nVersion: 1\nArchitecture: all\n' },
          {
            name: 'var/lib/dpkg/status.d/node-x.md5sums',
            body: `${execMd5(manifest.body as string)}  usr/share/nodejs/x/package.json\n`,
          },
          manifest,
        ],
      ]

      const expected = [
        'node-x@1 var/lib/dpkg/status.d/node-x @0',
        'x@1.0.0 usr/share/nodejs/x/package.json @0 pkg:deb/debian/node-x@1',
      ]
      expect(await see(layers)).toEqual(clean(...expected))
    })

    it.each<readonly [string, readonly TarItem[], readonly string[]]>([
      ['Debian without its database', [release], ['missing']],
      [
        'a database without a distribution',
        [{ name: 'var/lib/dpkg/status', body: status('a=1') }],
        ['unknown-distribution'],
      ],
      [
        'a distribution that nobody covers',
        [
          { name: 'etc/os-release', body: 'ID=photon\nVERSION_ID=5.0\n' },
          { name: 'var/lib/dpkg/status', body: status('a=1') },
        ],
        ['unknown-distribution'],
      ],
      [
        'Debian with the database of Alpine',
        [release, { name: 'lib/apk/db/installed', body: 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n' }],
        ['unknown-distribution'],
      ],
    ])('%s is incomplete', async (_title, layer, problems) => {
      expect(await see([layer])).toMatchObject({ code: 3, problems })
    })

    it('a root file system below the root is judged by its own name', async () => {
      const below = (id: string): TarItem[] => [
        { name: 'srv/root/etc/os-release', body: `ID=${id}\nVERSION_ID=3.20.1\n` },
        { name: 'srv/root/lib/apk/db/installed', body: 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n' },
      ]
      const outer = [release, { name: 'var/lib/dpkg/status', body: status('a=1') }]

      const lines = ['musl@1.2.5-r0 srv/root/lib/apk/db/installed @0', 'a@1 var/lib/dpkg/status @0']
      expect(await see([[...outer, ...below('alpine')]])).toEqual(clean(...lines))
      expect(await see([[...outer, ...below('postmarketos')]])).toMatchObject({
        code: 3,
        problems: ['unknown-distribution'],
      })
    })

    it('a few programs and nothing else: nothing to be seen', async () => {
      expect(await see([[{ name: 'bin/busybox', body: '\x7fELF', mode: 0o755 }, link('bin/sh', 'busybox')]])).toEqual(
        clean(),
      )
    })
  })

  it('refuses paths that no system could unpack', async () => {
    const { code, problems } = await see([
      [paxItem([['path', `${'a/'.repeat(300_000)}x`]]), { name: 'x' }, npm('node_modules', 'x')],
    ])

    expect(code).toBe(3)
    expect(problems[0]).toMatch(/^unreadable a\/a\//)
  })
})

function inModules(item: TarItem): TarItem {
  return {
    ...item,
    name: String(item.name)
      .replace(/^(a\/)?m\//, '$1node_modules/')
      .replace(/^\.wh\.m$/, '.wh.node_modules'),
  }
}

function execMd5(text: string): string {
  return execFileSync('md5sum', { input: text, encoding: 'utf8' }).slice(0, 32)
}

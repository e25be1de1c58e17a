import fc from 'fast-check'
import type { LayerFacts, ReadFile } from '#engine/layer-facts.ts'
import type { Reader } from '#engine/layer-sheet.ts'
import { distroFiles } from '#model/distro.ts'
import { fileHandle } from '../ecosystems/file-handle.ts'

const release = (version: string) => `ID=debian\nVERSION_ID="${version}"\nPRETTY_NAME="Debian ${version}"\n`
const status = (...names: readonly string[]) =>
  names.map(name => `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n`).join('\n')
const installed = (...names: readonly string[]) => names.map(name => `P:${name}\nV:1-r0\nA:x86_64\n`).join('\n')
const npm = (version: string) => JSON.stringify({ name: 'left', version, license: 'MIT' })
const rpm = (...names: readonly string[]) => ({
  of: 'rpm',
  facts: { packages: names.map(name => ({ name, version: '1', release: '1' })) },
})
const program = (version: string) => ({
  of: 'golang',
  facts: { state: 'installed', modules: [{ path: 'golang.org/x/net', version }] },
})
const jar = (...names: readonly string[]) => ({
  of: 'maven',
  facts: {
    kind: 'archive',
    packages: names.map(name => ({ group: 'g', artifact: name, version: '1', licenses: [], inner: `!/${name}.jar` })),
  },
})

type Content = string | { readonly of: string; readonly facts: unknown }

/** What lies where: texts for readers to read, or what one made of it. A layer has one of the versions, if any. */
const contents: Readonly<Record<string, readonly Content[]>> = {
  'etc/os-release': [release('11'), release('12')],
  'var/lib/dpkg/status': [status('a'), status('a', 'b'), status('b', 'c')],
  'var/lib/dpkg/status.d/x': [status('x'), status('x', 'a')],
  'usr/share/doc/a/copyright': [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nLicense: MIT\n',
  ],
  'jail/var/lib/dpkg/status': [status('a'), status('a', 'b')],
  'jail/etc/os-release': [release('11'), release('12')],
  'jail/usr/lib/os-release': [release('10')],
  'lib/apk/db/installed': [installed('musl'), installed('musl', 'zlib')],
  'jail/lib/apk/db/installed': [installed('musl')],
  'var/lib/rpm/Packages': [rpm('one'), rpm('one', 'two')],
  'var/lib/rpm/Packages.db': [rpm(), rpm('two')],
  'srv/node_modules/left/package.json': [npm('1.0.0'), npm('2.0.0')],
  'opt/node_modules/left/package.json': [npm('1.0.0'), npm('2.0.0')],
  'opt/.pnp.cjs': [{ of: 'npm', facts: { kind: 'table', packages: [{ name: 'left', version: '1.0.0' }] } }],
  'usr/bin/go': [program('v1'), program('v2')],
  'srv/a.jar': [jar('x'), jar('x', 'y')],
  'usr/lib/python3/dist-packages/six-1.dist-info/METADATA': ['Name: six\nVersion: 1\n', 'Name: six\nVersion: 2\n'],
}

const paths = Object.keys(contents)
const directories = ['jail', 'jail/etc', 'srv', 'opt', 'var/lib/rpm', 'var/lib/dpkg', 'usr']
const links: readonly (readonly [string, string])[] = [
  ['jail/etc/os-release', '../usr/lib/os-release'],
  ['jail/etc/os-release', '/etc/os-release'],
  ['jail/etc', '/etc'],
  ['opt', 'srv'],
  ['var/lib/rpm', '../../srv'],
]

/** One thing that a layer does. */
export type LayerChange =
  | { readonly kind: 'file'; readonly path: string; readonly version: number }
  | { readonly kind: 'remove' | 'empty' | 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly link: readonly [string, string] }

const file = fc.record({ kind: fc.constant('file' as const), path: fc.constantFrom(...paths), version: fc.nat(2) })
/** Any of the changes that matter to the packages of an image. */
export const layerChange: fc.Arbitrary<LayerChange> = fc.oneof(
  { weight: 6, arbitrary: file },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), path: fc.constantFrom(...paths, ...directories) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('empty', 'directory'), path: fc.constantFrom(...directories) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), link: fc.constantFrom(...links) }) },
)

/** What reading a layer of these changes gives. */
export function factsOf(changes: readonly LayerChange[], readers: readonly Reader[]): LayerFacts {
  const files = new Map<string, Content>()
  for (const item of changes) {
    const versions = item.kind === 'file' ? contents[item.path]! : []
    if (item.kind === 'file') files.set(item.path, versions[item.version % versions.length]!)
  }
  const symlinks = new Map(changes.flatMap(item => (item.kind === 'link' ? [item.link] : [])))
  const of = (kind: LayerChange['kind']) =>
    changes.flatMap(item => (item.kind === kind && 'path' in item ? [item.path] : []))
  return {
    files: [...files].flatMap(([path, content]) => readFile(path, content, readers)),
    texts: [...files].filter(([path]) => distroFiles.includes(path)) as [string, string][],
    problems: [],
    tree: {
      paths: [...files.keys(), ...symlinks.keys()],
      directories: of('directory'),
      symlinks: [...symlinks],
      whiteouts: of('remove'),
      opaques: of('empty'),
    },
  }
}

function readFile(path: string, content: Content, readers: readonly Reader[]): readonly ReadFile[] {
  if (typeof content !== 'string') return [{ ecosystem: content.of, path, facts: content.facts }]
  return readers.flatMap(({ ecosystem, cataloger }) => {
    if (!ecosystem.wants({ path, size: content.length, mode: 0o644 }, 'installed')) return []
    const read = cataloger.read(fileHandle(path, content), { mayProve: () => true })
    return read === undefined ? [] : [{ ecosystem: ecosystem.id, path, facts: JSON.parse(JSON.stringify(read.facts)) }]
  })
}

import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import { ecosystems } from '#ecosystems/index.ts'
import { catalogPackages } from '#engine/catalog.ts'
import { decodeFacts, encodeFacts, type LayerFacts } from '#engine/layer-facts.ts'
import type { Reader } from '#engine/layer-sheet.ts'
import type { HashAlgorithm } from '#engine/ports.ts'
import { readLayer } from '#engine/read-layer.ts'
import { stackLayers } from '#engine/stack.ts'
import type { Blob } from '#images/blob.ts'
import { openLayer } from '#images/layer.ts'
import { placeEntry } from '#images/layer-entry.ts'
import { parseDocument, parseManifest, toPlatform } from '#images/manifest.ts'
import { parseChallenges } from '#images/registry/challenge.ts'
import { formatReference, parseReference } from '#images/registry/reference.ts'
import { resolveManifest } from '#images/resolve.ts'
import { distroFiles, identifyDistro } from '#model/distro.ts'
import { limitsWith } from '#model/limits.ts'
import { paxItem, type TarItem, tarBytes } from '#test/images/tar-writer.ts'
import { type FuzzTarget, promise } from '#tools/fuzz/target.ts'
import { fixture, repairTar, textOf } from './seeds.ts'

const digest = `sha256:${'0a'.repeat(32)}`
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const descriptor = `{"mediaType":"${manifestType}","digest":"${digest}","size":3,"platform":{"os":"linux","architecture":"arm64","variant":"v8"}}`
const manifest = `{"schemaVersion":2,"mediaType":"${manifestType}","config":${descriptor.replace(manifestType, 'application/vnd.oci.image.config.v1+json')},"layers":[${descriptor}],"annotations":{"a":"b"}}`
const index = `{"schemaVersion":2,"manifests":[${descriptor},${descriptor}]}`
const json = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '"__proto__":',
  'null',
  '1e999',
  digest,
  '"size":-1',
  '"layers":',
  '"manifests":',
]

const limits = limitsWith({ 'layer-bytes': 16 * 2 ** 20, 'memory-bytes': 16 * 2 ** 20, 'file-bytes': 16 * 2 ** 20 })

/** What registries and archives say of images, and layers from their bytes to packages. */
export const imageTargets: readonly FuzzTarget[] = [
  {
    name: 'manifest',
    covers: ['images/manifest'],
    seeds: () => [manifest, index],
    words: json,
    throws: 'errors',
    run: bytes => {
      parseManifest(bytes)
      toPlatform(parseDocument(bytes, 'configuration'))
    },
  },
  {
    name: 'index',
    covers: ['images/resolve', 'images/platform'],
    seeds: () => [index, manifest],
    words: json,
    throws: 'errors',
    run: async bytes => {
      const document = parseManifest(bytes)
      // Every descriptor leads back to the same document.
      if (document.kind === 'index') await resolveManifest(document.manifests, async () => bytes, 'linux/arm64')
    },
  },
  {
    name: 'reference',
    covers: ['images/registry/reference'],
    seeds: () => ['alpine', 'registry.example:5000/a/b-c_d:tag', `[::1]:5000/a@${digest}`, 'localhost/a__b:1'],
    words: ['/', ':', '@', '.', '--', '__', digest],
    throws: 'errors',
    run: bytes => {
      const reference = parseReference(textOf(bytes))
      const again = parseReference(formatReference(reference))
      promise(JSON.stringify(again) === JSON.stringify(reference), 'a reference reads otherwise when written again')
    },
  },
  {
    name: 'challenge',
    covers: ['images/registry/challenge'],
    seeds: () => ['Bearer realm="https://auth.example/token",service="a",scope="b:c:pull" , Basic realm="x\\"y"'],
    words: ['Bearer ', 'Basic ', 'realm=', '"', '\\"', ',', '='],
    throws: 'never',
    run: bytes => void parseChallenges(textOf(bytes)),
  },
  {
    name: 'layer-entry',
    covers: ['images/layer-entry'],
    seeds: () => ['usr/bin/.wh.sh', 'a/.wh..wh..opq', './/a/../b', '../../etc/passwd', '.wh..wh.plnk/1'],
    words: ['../', './', '/', '.wh.', '.wh..wh..opq', '\0'],
    throws: 'never',
    run: bytes => {
      const [name = '', linkName = ''] = textOf(bytes).split('|')
      for (const kind of ['file', 'hardlink', 'symlink'] as const) {
        const placed = placeEntry({ name, kind, size: 1, mode: 0o644, linkName })
        if (placed === undefined || 'refused' in placed) continue
        const parts = placed.path.split('/')
        promise(!parts.includes('..') && !placed.path.startsWith('/'), `${placed.path} leads out of the tree`)
      }
    },
  },
  {
    name: 'layer',
    covers: ['images/layer', 'engine/read-layer', 'engine/stack', 'engine/catalog'],
    seeds: layers,
    words: ['ustar\x0000', '.wh.', '.wh..wh..opq', 'var/lib/dpkg/status', 'etc/os-release', '../', '/'],
    maxLength: 2 ** 17,
    repair: repairTar,
    throws: 'errors',
    run: bytes => readImage(bytes),
  },
  {
    name: 'layer-gzip',
    covers: ['images/layer', 'io/inflate'],
    seeds: () => layers().map(layer => new Uint8Array(gzipSync(layer))),
    words: [Uint8Array.of(0x1f, 0x8b, 8), Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
    throws: 'errors',
    run: bytes => readImage(bytes),
  },
  {
    name: 'cached-facts',
    covers: ['engine/layer-facts'],
    seeds: () => [encodeFacts({ files: [], texts: [['a', 'b']], problems: [], tree: emptyTree })],
    words: json,
    throws: 'never',
    run: bytes => void decodeFacts(bytes),
  },
]

const emptyTree = { paths: ['a/b', 'a/c'], directories: ['a'], symlinks: [], whiteouts: [], opaques: [] }

let readers: Promise<readonly Reader[]> | undefined

/** The same layer three times, as a scan has it, down to the packages. */
async function readImage(bytes: Uint8Array): Promise<void> {
  readers ??= Promise.all(ecosystems.map(async ecosystem => ({ ecosystem, cataloger: await ecosystem.load() })))
  const known = await readers
  const blob: Blob = {
    size: bytes.length,
    stream: async function* () {
      yield bytes
    },
  }
  const source = openLayer(blob, {}, { temporary: tmpdir(), limits })
  const { facts } = await readLayer(source, { readers: known, mode: 'installed', limits }, { hash })
  const cached = decodeFacts(encodeFacts(facts))
  promise(cached !== undefined, 'facts do not survive the cache')
  const stack = stackLayers([facts, cached as LayerFacts, facts])
  const distro = identifyDistro(stack.texts(distroFiles))
  const layer = { diffId: digest, base: false }
  const catalog = catalogPackages({ stack, readers: known, mode: 'installed', distro, layers: [layer, layer, layer] })
  for (const { detail } of [...facts.problems, ...catalog.problems]) {
    // The engine makes a problem of what readers throw; that it was a bug shows in the message only.
    promise(!bugText.test(detail), `a reader has a bug: ${detail}`)
  }
}

const bugText =
  /is not a function|of undefined|of null|not iterable|call stack|Invalid (array|string|typed)|is not defined|convert a BigInt/

function hash(algorithm: HashAlgorithm) {
  const state = createHash(algorithm)
  return { update: (data: Uint8Array | string) => void state.update(data), hex: () => state.digest('hex') }
}

function layers(): readonly Uint8Array[] {
  const debian = 'ecosystems/deb/fixtures/debian-12'
  const system: readonly TarItem[] = [
    { name: 'etc/os-release', body: fixture(`${debian}/etc/os-release`) },
    { name: 'var/lib/dpkg/status', body: fixture(`${debian}/var/lib/dpkg/status`) },
    { name: 'var/lib/dpkg/info/libc6:amd64.md5sums', body: fixture(`${debian}/var/lib/dpkg/info/libc6:amd64.md5sums`) },
  ]
  const manifestText = '{"name":"x","version":"1.0.0","license":"MIT"}'
  return [
    tarBytes(system),
    tarBytes([
      { name: 'srv/', type: '5' },
      { name: 'srv/node_modules/x/package.json', body: manifestText },
      { name: 'srv/node_modules/y/package.json', type: '1', linkName: 'srv/node_modules/x/package.json' },
      { name: 'lib', type: '2', linkName: 'usr/lib' },
      { name: 'usr/lib/python3/site-packages/a-1.dist-info/METADATA', body: 'Name: a\nVersion: 1\n\n' },
      { name: 'var/lib/.wh.dpkg', body: '' },
      { name: 'etc/.wh..wh..opq', body: '' },
    ]),
    tarBytes([
      paxItem([['path', 'lib/apk/db/installed']]),
      { name: 'x', body: 'P:a\nV:1-r0\nA:x86_64\nL:MIT\nF:usr\nR:b\n\n' },
    ]),
  ]
}

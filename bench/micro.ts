import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv } from 'node:process'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { openStore } from '#advisories/index.ts'
import { ecosystems } from '#ecosystems/index.ts'
import type { Matching } from '#ecosystems/types.ts'
import { matchPackages, neededEcosystems } from '#engine/match.ts'
import { indexArchive } from '#images/archive-index.ts'
import type { FilePart } from '#io/file.ts'
import { hashPart } from '#io/hash-part.ts'
import { inflate } from '#io/inflate.ts'
import { inflatePart } from '#io/inflate-part.ts'
import { parseJson } from '#lib/json.ts'
import { TarParser } from '#lib/tar.ts'
import { parseToml } from '#lib/toml.ts'
import { parseXml } from '#lib/xml.ts'
import { parseYaml } from '#lib/yaml.ts'
import type { Distro } from '#model/distro.ts'
import type { Package } from '#model/package.ts'
import { root } from '#test/architecture/sources.ts'
import { median } from './table.ts'

const usage = `npm run bench:micro -- [SLUICE_HOME ARCHIVE...]

Times parts of Sluice by themselves, so that a regression has an address: start-up of commands and shared parsers; with
a home that holds advisories and archives of docker save also the walk, hashing and inflating of bytes, and matching.
`

type Measured = readonly [what: string, milliseconds: number, note?: string]

/** Median milliseconds of some runs of work, after one that warms up. */
async function time(what: string, work: () => unknown, note?: string): Promise<Measured> {
  const times: number[] = []
  for (let round = 0; round < 6; round++) {
    const start = performance.now()
    await work()
    if (round > 0) times.push(performance.now() - start)
  }
  return [what, median(times), note]
}

/** A whole process each time. */
async function startUps(): Promise<readonly Measured[]> {
  const commands = [
    ['--version'],
    ['--help'],
    ['scan', '--help'],
    ['policy', 'show'],
    ['feeds', 'status'],
    ['completion', 'bash'],
  ]
  const results: Measured[] = []
  for (const words of commands) {
    const start = () => execFileSync(join(root, 'sluice'), words, { stdio: ['ignore', 'ignore', 'ignore'] })
    results.push(await time(`sluice ${words.join(' ')}`, start))
  }
  return results
}

async function bytesOf(archive: string): Promise<readonly Measured[]> {
  const fd = openSync(archive, 'r')
  const region = { fd, offset: 0, size: fstatSync(fd).size }
  const layers = [...indexArchive(region).members.values()].filter(
    ({ name, stored }) => name.endsWith('layer.tar') && stored > 0,
  )
  const largest = layers.toSorted((a, b) => b.stored - a.stored)[0]!
  const part = Buffer.alloc(Math.min(largest.stored, 2 ** 28))
  readSync(fd, part, 0, part.length, largest.offset)
  const [gzip, zstd] = [gzipSync(part, { level: 1 }), zstdCompressSync(part)]
  const megabytes = `${(part.length / 1e6).toFixed(0)} MB`
  const pieces = async function* (bytes: Uint8Array) {
    for (let at = 0; at < bytes.length; at += 2 ** 20) yield bytes.subarray(at, at + 2 ** 20)
  }
  const ignore = () => undefined
  const taker = { take: () => true }
  const [gzipFile, zstdFile] = [openNameless(gzip), openNameless(zstd)]
  const walk = () => {
    let members = 0
    const member = () => ++members < 0
    const parser = new TarParser({ member, data: ignore, done: ignore, fault: ignore })
    for (let at = 0; at < part.length; at += 2 ** 20) parser.push(part.subarray(at, at + 2 ** 20))
    return members
  }
  const results = [
    await time('tar walk, in memory', walk, `${walk()} members, ${megabytes}`),
    await time('sha256, main thread', () => createHash('sha256').update(part).digest(), megabytes),
    await time(
      'sha256, second thread',
      () => hashPart({ fd, offset: largest.offset, size: part.length }, ['sha256']),
      megabytes,
    ),
    await time('inflate gzip, stream', () => inflate('gzip', pieces(gzip), () => true), megabytes),
    await time('inflate zstd, stream', () => inflate('zstd', pieces(zstd), () => true), megabytes),
    await time('inflate gzip, second thread', () => inflatePart('gzip', gzipFile, taker), megabytes),
    await time('inflate zstd, second thread', () => inflatePart('zstd', zstdFile, taker), megabytes),
  ]
  for (const open of [fd, gzipFile.fd, zstdFile.fd]) closeSync(open)
  return results
}

/** An open file with these bytes that has no name any more. */
function openNameless(bytes: Uint8Array): FilePart {
  const path = join(tmpdir(), `sluice-micro-${process.pid}`)
  writeFileSync(path, bytes)
  const fd = openSync(path, 'r')
  unlinkSync(path)
  return { fd, offset: 0, size: bytes.length }
}

/** Parsers that several ecosystems share, over a document of about a megabyte each. */
async function parsers(): Promise<readonly Measured[]> {
  const rows = Array.from({ length: 8000 }, (_, index) => ({
    name: `package-${index}`,
    version: `1.${index}.0`,
    dev: index % 2 === 0,
  }))
  const json = JSON.stringify(rows)
  const yaml = rows.map(({ name, version }) => `- name: ${name}\n  version: "${version}"\n  dev: true\n`).join('')
  const toml = rows.map(({ name, version }) => `[[package]]\nname = "${name}"\nversion = "${version}"\n`).join('\n')
  const xml = `<a>${rows.map(({ name, version }) => `<d><n>${name}</n><v>${version}</v></d>`).join('')}</a>`
  const size = (text: string) => `${(text.length / 1e3).toFixed(0)} kB`
  return [
    await time('parse JSON', () => parseJson(json), size(json)),
    await time('parse YAML', () => parseYaml(yaml), size(yaml)),
    await time('parse TOML', () => parseToml(toml), size(toml)),
    await time('parse XML', () => parseXml(xml), size(xml)),
  ]
}

/** The first 1,000 distinct packages of real images, against all that a home holds. */
async function matching(home: string, archives: readonly string[]): Promise<readonly Measured[]> {
  const reports = archives.map(archive => {
    const words = ['sbom', '-q', '-o', 'json', archive]
    const text = execFileSync(join(root, 'sluice'), words, { encoding: 'utf8', maxBuffer: 2 ** 28 })
    return JSON.parse(text) as { packages: Package[]; distro?: Distro }
  })
  const distinct = new Map(reports.flatMap(({ packages }) => packages.map(found => [found.purl, found])))
  const packages = [...distinct.values()].slice(0, 1000)
  const distro = reports.find(report => report.distro !== undefined)?.distro
  const types = new Set(packages.map(({ type }) => type))
  const matchings = new Map<string, Matching>()
  for (const { id, loadMatching } of ecosystems) if (types.has(id)) matchings.set(id, await loadMatching())
  const hash = () => {
    const inner = createHash('sha256')
    return { update: (data: Uint8Array | string) => void inner.update(data), hex: () => inner.digest('hex') }
  }
  let findings = 0
  const match = () => {
    const advisories = openStore(join(home, 'data'))!
    findings = matchPackages({ packages, distro, matchings, advisories, hash }).findings.length
    advisories.close()
  }
  const start = performance.now()
  match()
  const first = performance.now() - start
  const needed = neededEcosystems({ packages, distro, matchings }).join(', ')
  const what = `open store, match ${packages.length} packages`
  return [
    await time('open store', () => openStore(join(home, 'data'))!.close()),
    [`${what}, first time`, first, `${findings} findings; ${needed}`],
    await time(what, match),
  ]
}

const [home, ...archives] = argv.slice(2)
if (home === '--help') process.stdout.write(usage)
else {
  const results = [...(await startUps()), ...(await parsers())]
  if (archives[0] !== undefined) results.push(...(await bytesOf(archives[0])), ...(await matching(home!, archives)))
  for (const [what, milliseconds, note] of results)
    console.log(`${what.padEnd(46)} ${milliseconds.toFixed(1).padStart(8)} ms  ${note ?? ''}`)
}

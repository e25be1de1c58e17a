import type { Assembly, Cataloger, FileFacts, FileHandle, Tree, TreeFile } from '#ecosystems/types.ts'
import { decodeText } from '#lib/text.ts'
import { readZipDirectory, readZipMember } from '#lib/zip.ts'
import { ZipError } from '#lib/zip-error.ts'
import type { CatalogedPackage } from '#model/package.ts'
import { formatPurl } from '#model/purl.ts'
import type { DeclaredPackage } from './declared.ts'
import { parsePdmLock, parsePipfileLock, parsePoetryLock, parsePylock } from './locks.ts'
import { parseMetadata } from './metadata.ts'
import { normalizeName } from './name.ts'
import { type DeclaredForm, declaredForm, type InstalledPlace, installedPlace } from './places.ts'
import { parseRequirements } from './requirements.ts'
import { parseUvLock } from './uv-lock.ts'

/** What `read` keeps of one file. */
type Facts =
  | {
      readonly kind: 'installed'
      readonly name: string
      readonly version: string
      readonly licenses: readonly string[]
    }
  | { readonly kind: 'declared'; readonly packages: readonly DeclaredPackage[] }

/** Metadata is headers first; nobody's headers are longer than this. */
const headerBytes = 64 * 1024

const lockParsers: Readonly<Record<DeclaredForm, (text: string, path: string) => readonly DeclaredPackage[]>> = {
  requirements: parseRequirements,
  pipfile: parsePipfileLock,
  poetry: parsePoetryLock,
  uv: parseUvLock,
  pdm: parsePdmLock,
  pylock: parsePylock,
}

/** Reads installed metadata and lock files; every distribution in every environment is a package. */
export const cataloger: Cataloger = { read: readFile, assemble, group: ({ path }) => path }

function readFile(file: FileHandle): FileFacts | undefined {
  const form = declaredForm(file.path)
  if (form !== undefined) {
    const packages = lockParsers[form](decodeText(file.bytes()), file.path)
    return { facts: { kind: 'declared', packages } satisfies Facts, packages: packages.length }
  }
  const place = installedPlace(file.path)
  return place === undefined ? undefined : readInstalled(file, place)
}

function readInstalled(file: FileHandle, place: InstalledPlace): FileFacts | undefined {
  let header: Uint8Array | undefined
  try {
    header = place.form === 'zip-egg' ? readEggMetadata(file) : file.read(0, headerBytes)
  } catch (error) {
    if (!(error instanceof ZipError)) throw error
    // Other tools use the ending too: what is no archive at all is no egg.
    if (error.fault === 'not-zip') return undefined
    const code = error.fault === 'damaged' ? 'unreadable' : error.fault
    return { facts: null, problems: [{ code, detail: error.message }] }
  }
  if (header === undefined) return undefined
  const metadata = parseMetadata(decodeText(header))
  const labelled = parseLabel(place.label)
  const name = metadata.name?.trim() || labelled?.name
  const version = metadata.version?.trim() || labelled?.version
  if (name === undefined || version === undefined)
    return { facts: null, problems: [{ code: 'unreadable', detail: 'the metadata has no name or no version' }] }
  const facts: Facts = { kind: 'installed', name, version, licenses: metadata.licenses }
  return { facts }
}

function readEggMetadata(file: FileHandle): Uint8Array | undefined {
  const directory = readZipDirectory(file)
  const entry = directory.entries.find(candidate => candidate.name === 'EGG-INFO/PKG-INFO')
  if (entry === undefined) return undefined
  return readZipMember(file, directory, { entry, maxBytes: 16 * 1024 * 1024, inflate: file.inflateRaw })
}

/** `Flask-1.0.dist-info`, `six-1.16.0-py3.9.egg-info`: undefined where there is no version in it. */
function parseLabel(label: string): { readonly name: string; readonly version: string } | undefined {
  const stem = label.slice(0, label.lastIndexOf('.'))
  const [name, version] = stem.split('-')
  return name && version ? { name, version } : undefined
}

function assemble(tree: Tree): Assembly {
  return { packages: tree.files.flatMap(packagesOf), problems: [] }
}

function packagesOf(file: TreeFile): readonly CatalogedPackage[] {
  const facts = file.facts as Facts | null
  if (facts === null) return []
  if (facts.kind === 'installed') {
    const identity = identify(facts.name, facts.version)
    return [{ ...identity, licenses: facts.licenses, state: 'installed', locations: [{ path: file.path }] }]
  }
  return facts.packages.map(({ name, version, dev, line }) => ({
    ...identify(name, version),
    licenses: [],
    state: 'declared' as const,
    ...(dev === true && { dev }),
    locations: [{ path: file.path, ...(line !== undefined && { line }) }],
  }))
}

function identify(name: string, version: string): Pick<CatalogedPackage, 'purl' | 'type' | 'name' | 'version'> {
  const normalized = normalizeName(name)
  return { purl: formatPurl({ type: 'pypi', name: normalized, version }), type: 'pypi', name: normalized, version }
}

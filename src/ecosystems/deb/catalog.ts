import type {
  AskedFiles,
  Assembly,
  Cataloger,
  FileFacts,
  FileHandle,
  OwnedFile,
  ReadContext,
  Tree,
  TreeFile,
} from '#ecosystems/types.ts'
import { baseName, decodeText } from '#lib/text.ts'
import { type Distro, identifyDistro } from '#model/distro.ts'
import type { Location } from '#model/location.ts'
import type { CatalogedPackage } from '#model/package.ts'
import { parseCopyright } from './copyright.ts'
import { keptLines, listedFiles } from './file-lists.ts'
import { debPurl } from './purl.ts'
import { type DebPackage, parseStatus } from './status.ts'

/** Catalogs dpkg databases: `status`, distroless `status.d`, file lists and copyright files. */
export const cataloger: Cataloger = { read, assemble, group }

/** What one file says; plain data, kept with the layer. */
type DebFacts =
  | { readonly kind: 'packages'; readonly packages: readonly DebPackage[] }
  | { readonly kind: 'files'; readonly lines: string }
  | { readonly kind: 'licenses'; readonly licenses: readonly string[] }
  | { readonly kind: 'release'; readonly text: string }

/** The part of a copyright file that is read, in bytes. */
const maxCopyright = 256 * 1024

/** The part of an os-release file that is read, in bytes. */
const maxRelease = 64 * 1024

const folder = 'var/lib/dpkg/'

const nameless = 'Packages of a root file system that does not tell its distribution'

function read(file: FileHandle, { mayProve }: ReadContext): FileFacts | undefined {
  const { path } = file
  if (path.endsWith('/copyright')) {
    const licenses = parseCopyright(decodeText(file.read(0, maxCopyright)))
    return licenses.length === 0 ? undefined : facts({ kind: 'licenses', licenses })
  }
  if (path.endsWith('/os-release')) return facts({ kind: 'release', text: decodeText(file.read(0, maxRelease)) })
  if (path.endsWith('.md5sums')) return listed(keptLines(decodeText(file.bytes()), '.md5sums', mayProve))
  if (path.endsWith('.list') && path.includes(`${folder}info/`))
    return listed(keptLines(decodeText(file.bytes()), '.list', mayProve))
  const isFragment = path.includes(`${folder}status.d/`)
  const { packages, problems } = parseStatus(decodeText(file.bytes()), isFragment ? 'fragment' : 'status')
  return { ...facts({ kind: 'packages', packages }), packages: packages.length, problems }
}

function facts(value: DebFacts): FileFacts {
  return { facts: value, packages: 0 }
}

function listed(lines: string): FileFacts | undefined {
  return lines === '' ? undefined : facts({ kind: 'files', lines })
}

/** One database file with the root it describes: an empty string, or a path that ends in `/`. */
interface Database {
  readonly path: string
  readonly root: string
  readonly distro: Distro | undefined
  readonly packages: readonly DebPackage[]
}

function assemble(tree: Tree): Assembly {
  const packages = new Map<string, CatalogedPackage & { readonly locations: Location[] }>()
  const owners = new Owners()
  const found = databasesOf(tree)
  for (const database of found) {
    for (const entry of database.packages) {
      const purl = debPurl(entry, database.distro)
      owners.add(database, entry, purl)
      const location = { path: database.path, line: entry.line }
      const seen = packages.get(purl)
      if (seen === undefined)
        packages.set(purl, { ...describe(entry, purl, licensesOf(tree, database, entry)), locations: [location] })
      else seen.locations.push(location)
    }
  }
  const problems = found.filter(
    ({ root, distro, packages }) => root !== '' && distro === undefined && packages.length > 0,
  )
  return {
    packages: [...packages.values()],
    problems: problems.map(({ path }) => ({ path, code: 'unknown-distribution', detail: nameless })),
    owns: asked => owners.claims(tree, asked),
  }
}

/** Databases are told apart, unless their distribution has to be looked for; lists and copyright files name no package. */
function group({ path, facts: value }: TreeFile): string | undefined {
  const { kind } = value as DebFacts
  if (kind === 'release') return 'below'
  if (kind !== 'packages') return undefined
  return path.lastIndexOf(folder) > 0 ? 'below' : `/${path}`
}

function databasesOf(tree: Tree): readonly Database[] {
  const distros = new Map<string, Distro | undefined>([['', tree.distro]])
  return tree.files.flatMap(({ path, facts: value }) => {
    const { kind, packages } = value as Extract<DebFacts, { kind: 'packages' }>
    if (kind !== 'packages') return []
    const root = path.slice(0, Math.max(0, path.lastIndexOf(folder)))
    if (!distros.has(root)) distros.set(root, distroBelow(tree, root))
    return [{ path, root, distro: distros.get(root), packages }]
  })
}

/** A root file system below the root is of its own distribution. */
function distroBelow(tree: Tree, root: string): Distro | undefined {
  const texts = new Map<string, string>()
  for (const path of ['etc/os-release', 'usr/lib/os-release']) {
    const value = tree.at(root + path)?.facts as DebFacts | undefined
    if (value?.kind === 'release') texts.set(path, value.text)
  }
  return identifyDistro(texts)
}

function describe(entry: DebPackage, purl: string, licenses: readonly string[]): Omit<CatalogedPackage, 'locations'> {
  return {
    purl,
    type: 'deb',
    name: entry.name,
    version: entry.version,
    ...(entry.arch !== undefined && { arch: entry.arch }),
    source: { name: entry.source ?? entry.name, version: entry.sourceVersion ?? entry.version },
    licenses,
    state: 'installed',
  }
}

function licensesOf(tree: Tree, { root }: Database, { name }: DebPackage): readonly string[] {
  const value = root === '' ? (tree.at(`usr/share/doc/${name}/copyright`)?.facts as DebFacts | undefined) : undefined
  return value?.kind === 'licenses' ? value.licenses : []
}

/** Whose file lists are whose. */
class Owners {
  readonly #byList = new Map<string, string>()

  /** Notes where a package's file lists would be: `info/<name>` or `info/<name>:<arch>`, or beside its `status.d` file. */
  add({ path, root }: Database, { name, arch }: DebPackage, purl: string): void {
    if (path.startsWith(`${root}${folder}status.d/`)) this.#byList.set(path, purl)
    const info = `${root}${folder}info/${name}`
    this.#byList.set(info, purl)
    if (arch !== undefined) this.#byList.set(`${info}:${arch}`, purl)
  }

  claims(tree: Tree, asked: AskedFiles): readonly OwnedFile[] {
    const claims = new Map<string, Map<string, OwnedFile>>()
    for (const { path, facts: value } of tree.files) {
      const { kind, lines } = value as Extract<DebFacts, { kind: 'files' }>
      if (kind !== 'files') continue
      const name = baseName(path)
      const stem = path.slice(0, path.length - name.length + name.lastIndexOf('.'))
      const owner = this.#byList.get(stem)
      if (owner === undefined) continue
      const root = path.slice(0, Math.max(0, path.lastIndexOf(folder)))
      const ofOwner = claims.get(owner) ?? new Map<string, OwnedFile>()
      claims.set(owner, ofOwner)
      for (const [listed, md5] of listedFiles(lines, path.endsWith('.md5sums') ? '.md5sums' : '.list', asked)) {
        const file = root + listed
        if (md5 !== '') ofOwner.set(file, { path: file, owner, digest: `md5:${md5}` })
        else if (!ofOwner.has(file)) ofOwner.set(file, { path: file, owner })
      }
    }
    return [...claims.values()].flatMap(ofOwner => [...ofOwner.values()])
  }
}

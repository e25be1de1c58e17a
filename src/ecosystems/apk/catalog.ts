import type {
  Assembly,
  Cataloger,
  FileFacts,
  FileHandle,
  OwnedFile,
  ReadContext,
  Tree,
  TreeFile,
} from '#ecosystems/types.ts'
import { decodeText } from '#lib/text.ts'
import { type Distro, identifyDistro } from '#model/distro.ts'
import type { Location } from '#model/location.ts'
import type { CatalogedPackage } from '#model/package.ts'
import { type ApkPackage, parseInstalled } from './installed.ts'
import { apkPurl } from './purl.ts'

/** Catalogs apk databases, and who owns which files. */
export const cataloger: Cataloger = { read, assemble, group }

/** What one file says; plain data, kept with the layer. */
type ApkFacts =
  | { readonly kind: 'packages'; readonly packages: readonly ApkPackage[] }
  | { readonly kind: 'release'; readonly text: string }

/** The part of an os-release file that is read, in bytes. */
const maxRelease = 64 * 1024

const nameless = 'Packages of a root file system that does not tell its distribution'

function read(file: FileHandle, { mayProve }: ReadContext): FileFacts | undefined {
  if (file.path.endsWith('/os-release')) {
    const release: ApkFacts = { kind: 'release', text: decodeText(file.read(0, maxRelease)) }
    return { facts: release }
  }
  const { packages, problems } = parseInstalled(decodeText(file.bytes()), mayProve)
  const found: ApkFacts = { kind: 'packages', packages }
  return { facts: found, packages: packages.length, problems }
}

function assemble(tree: Tree): Assembly {
  const packages = new Map<string, CatalogedPackage & { readonly locations: Location[] }>()
  const databases: Database[] = []
  const problems: Assembly['problems'][number][] = []
  for (const { path, facts } of tree.files) {
    const value = facts as ApkFacts
    if (value.kind !== 'packages') continue
    const root = rootOf(path)
    const distro = root === '' ? tree.distro : distroBelow(tree, root)
    if (root !== '' && distro === undefined && value.packages.length > 0)
      problems.push({ path, code: 'unknown-distribution', detail: nameless })
    databases.push({ root, distro, packages: value.packages })
    for (const entry of value.packages) {
      const purl = apkPurl(entry, distro)
      const seen = packages.get(purl)
      const location = { path, line: entry.line }
      if (seen === undefined) packages.set(purl, { ...describe(entry, purl), locations: [location] })
      else seen.locations.push(location)
    }
  }
  return { packages: [...packages.values()], problems, owns: ({ isAsked }) => claimsOf(databases, isAsked) }
}

/** What one database tells, the root that it describes and that root's distribution. */
interface Database {
  readonly root: string
  readonly distro: Distro | undefined
  readonly packages: readonly ApkPackage[]
}

function claimsOf(databases: readonly Database[], isAsked: (path: string) => boolean): readonly OwnedFile[] {
  return databases.flatMap(({ root, distro, packages }) =>
    packages.flatMap(entry => {
      const asked = entry.files.filter(([file]) => isAsked(file))
      const owner = asked.length === 0 ? '' : apkPurl(entry, distro)
      return asked.map(([file, digest]) => ({ path: root + file, owner, ...(digest !== '' && { digest }) }))
    }),
  )
}

/** Databases are told apart, unless their distribution has to be looked for. */
function group({ path, facts }: TreeFile): string {
  return (facts as ApkFacts).kind === 'packages' && rootOf(path) === '' ? `/${path}` : 'below'
}

/** The root that a database describes: an empty string, or a path that ends in `/`. */
function rootOf(path: string): string {
  for (const place of ['usr/lib/apk/db/installed', 'lib/apk/db/installed']) {
    if (path === place) return ''
    if (path.endsWith(`/${place}`)) return path.slice(0, path.length - place.length)
  }
  return ''
}

/** A root file system below the root is of its own distribution. */
function distroBelow(tree: Tree, root: string): Distro | undefined {
  const releases = ['etc/os-release', 'usr/lib/os-release'].flatMap(path => {
    const value = tree.at(root + path)?.facts as ApkFacts | undefined
    return value?.kind === 'release' ? [[path, value.text] as const] : []
  })
  return identifyDistro(new Map(releases))
}

function describe(entry: ApkPackage, purl: string): Omit<CatalogedPackage, 'locations'> {
  return {
    purl,
    type: 'apk',
    name: entry.name,
    version: entry.version,
    ...(entry.arch !== undefined && { arch: entry.arch }),
    ...(entry.origin !== undefined && { source: { name: entry.origin, version: entry.version } }),
    licenses: licensesOf(entry.license ?? ''),
    state: 'installed',
  }
}

/** An SPDX expression is one licence; words without an operator are as many as there are. */
function licensesOf(text: string): readonly string[] {
  const words = text.split(/\s+/).filter(word => word !== '')
  const isExpression = words.some(word => /^(?:AND|OR|WITH)$/i.test(word) || word.startsWith('('))
  return isExpression ? [words.join(' ')] : [...new Set(words)]
}

import type {
  Assembly,
  Cataloger,
  FileFacts,
  FileHandle,
  FileProblem,
  OwnedFile,
  ReadContext,
  Tree,
  TreeFile,
} from '#ecosystems/types.ts'
import { baseName, decodeText, directoryName } from '#lib/text.ts'
import type { Distro } from '#model/distro.ts'
import type { CatalogedPackage } from '#model/package.ts'
import { isBerkeleyHash, readBerkeleyHash } from './bdb.ts'
import { asProblem, Damage } from './damage.ts'
import { type PathBudget, pathBudget, readFileList } from './file-list.ts'
import { openHeader } from './header.ts'
import { parseManifest } from './manifest.ts'
import { isNdb, readNdb } from './ndb.ts'
import { type PackageRow, readPackage } from './package-row.ts'
import { databaseNames, logName, manifestPath, rootOf } from './places.ts'
import { fullVersion, rpmPurl, sourceOf } from './purl.ts'
import { isSqlite, readSqliteTable } from './sqlite.ts'
import { pendingTransactions } from './sqlite-log.ts'

/** Packages of one database that are read. */
const maxPackages = 100_000

/** Problems of one database that are told one by one. */
const maxProblems = 20

/** The manifest is text; larger ones are refused. */
const maxManifestBytes = 64 * 1024 * 1024

/** What `read` keeps of one database. */
interface DatabaseFacts {
  readonly packages: readonly PackageRow[]
}

/** Where the packages of one database go, and what bounds their file lists. */
interface Target {
  readonly packages: PackageRow[]
  readonly context: ReadContext
  readonly budget: PathBudget
}

/** Reads rpm databases and puts their packages together. */
export const cataloger: Cataloger = { read, assemble, group }

/** Throws `Damage` where a file is no database at all; what can be read of a damaged one is kept, the rest reported. */
function read(file: FileHandle, context: ReadContext): FileFacts | undefined {
  if (file.size === 0) return undefined
  const name = baseName(file.path)
  if (name === baseName(manifestPath)) {
    const { rows, problems } = parseManifest(decodeText(file.bytes(maxManifestBytes)))
    return { facts: { packages: rows } satisfies DatabaseFacts, packages: rows.length, problems }
  }
  if (name === logName) return readLog(file)
  const packages: PackageRow[] = []
  const problems: FileProblem[] = []
  const target: Target = { packages, context, budget: pathBudget() }
  let untold = 0
  for (const item of headers(file)) {
    const problem = item instanceof Uint8Array ? addPackage(target, item) : item
    if (problem === undefined) continue
    if (problems.length < maxProblems) problems.push(problem)
    else untold++
    if (problem.code === 'limit' && packages.length >= maxPackages) break
  }
  if (untold > 0) problems.push({ code: 'unreadable', detail: `${untold} more parts could not be read` })
  return { facts: { packages } satisfies DatabaseFacts, packages: packages.length, problems }
}

/** The database's header blobs, whichever format it has: what the bytes say counts, not the name. */
function* headers(file: FileHandle): Generator<Uint8Array | FileProblem> {
  const head = file.read(0, 100)
  if (isBerkeleyHash(head)) yield* readBerkeleyHash(file)
  else if (isNdb(head)) yield* readNdb(file)
  else if (isSqlite(head)) {
    for (const row of readSqliteTable(file, 'Packages')) {
      if ('code' in row) yield row
      else yield row.find(value => value instanceof Uint8Array) ?? { code: 'unreadable', detail: 'A row has no header' }
    }
  } else throw new Damage('unsupported', 'The file is not a package database of a known format')
}

/** A package whose files cannot be told is kept without them. */
function addPackage({ packages, context, budget }: Target, blob: Uint8Array): FileProblem | undefined {
  if (packages.length >= maxPackages) return { code: 'limit', detail: `There are more than ${maxPackages} packages` }
  try {
    const header = openHeader(blob)
    const row = readPackage(header)
    if (row === undefined) return undefined
    const at = packages.push(row) - 1
    const files = readFileList(header, context, budget)
    if (files.length > 0) packages[at] = { ...row, files }
    return undefined
  } catch (error) {
    return asProblem(error)
  }
}

/** A log that is not empty holds newer packages than the database; they are not read, and that must be told. */
function readLog(file: FileHandle): FileFacts | undefined {
  const count = pendingTransactions(file)
  if (count === 0) return undefined
  const detail = `The package database has ${count} changes in its write-ahead log, which is not read`
  return { facts: { packages: [] } satisfies DatabaseFacts, problems: [{ code: 'unsupported', detail }] }
}

function assemble(tree: Tree): Assembly {
  const packages = new Map<string, { readonly pkg: CatalogedPackage; readonly paths: Set<string> }>()
  const files = current(tree.files)
  for (const file of files) {
    for (const row of packagesOf(file)) {
      const purl = rpmPurl(row, tree.distro)
      const found = packages.get(purl)
      if (found === undefined) packages.set(purl, { pkg: toPackage(row, purl), paths: new Set([file.path]) })
      else found.paths.add(file.path)
    }
  }
  const located = [...packages.values()].map(({ pkg, paths }) => ({
    ...pkg,
    locations: [...paths].map(path => ({ path })),
  }))
  return { packages: located, problems: [], owns: ({ isAsked }) => claimsOf(files, tree.distro, isAsked) }
}

function claimsOf(
  files: readonly TreeFile[],
  distro: Distro | undefined,
  isAsked: (path: string) => boolean,
): readonly OwnedFile[] {
  return files.flatMap(file => {
    const root = rootOf(file.path)
    return packagesOf(file).flatMap(row => {
      const asked = row.files?.filter(([path]) => isAsked(path)) ?? []
      const owner = asked.length === 0 ? '' : rpmPurl(row, distro)
      return asked.map(([path, digest]) => ({ path: root + path, owner, ...(digest !== undefined && { digest }) }))
    })
  })
}

/** Of the databases in one directory only one counts. */
function group({ path }: TreeFile): string {
  return directoryName(path)
}

function packagesOf(file: TreeFile): readonly PackageRow[] {
  return (file.facts as DatabaseFacts).packages
}

/**
 * Of several formats in one directory, the newest that holds packages: conversions leave the old file behind, and rpm
 * reads the one of its configured format.
 */
function current(files: readonly TreeFile[]): readonly TreeFile[] {
  const best = new Map<string, TreeFile>()
  for (const file of files) {
    if (packagesOf(file).length === 0) continue
    const directory = directoryName(file.path)
    const kept = best.get(directory)
    if (kept === undefined || age(file.path) < age(kept.path)) best.set(directory, file)
  }
  return [...best.values()]
}

function age(path: string): number {
  return (databaseNames as readonly string[]).indexOf(baseName(path))
}

function toPackage(row: PackageRow, purl: string): CatalogedPackage {
  const source = sourceOf(row)
  return {
    purl,
    type: 'rpm',
    name: row.name,
    version: fullVersion(row),
    ...(row.arch !== undefined && { arch: row.arch }),
    ...(source !== undefined && { source }),
    ...(row.modularity !== undefined && { modularity: row.modularity }),
    licenses: row.license === undefined ? [] : [row.license],
    state: 'installed',
    locations: [],
  }
}

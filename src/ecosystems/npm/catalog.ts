import type { Assembly, Cataloger, FileFacts, FileHandle, Tree } from '#ecosystems/types.ts'
import { baseName, decodeText, directoryName } from '#lib/text.ts'
import type { Location } from '#model/location.ts'
import type { CatalogedPackage } from '#model/package.ts'
import { parseBunLock } from './bun-lock.ts'
import type { LockedPackage, LockFile } from './locked-package.ts'
import { parsePackageJson } from './package-json.ts'
import { parsePackageLock } from './package-lock.ts'
import { folderName, isInstalledManifest, isPlugAndPlay } from './paths.ts'
import { parsePlugAndPlay } from './plug-n-play.ts'
import { parsePnpmLock } from './pnpm-lock.ts'
import { npmPurl } from './purl.ts'
import { parseYarnLock } from './yarn-lock.ts'

/** Reads installed manifests and lock files, and joins what they say of one package. */
export const cataloger: Cataloger = { read, assemble, group: ({ path }) => path }

/** No manifest comes near this. */
const maxManifestBytes = 4 * 1024 * 1024

type Facts =
  | {
      readonly kind: 'installed'
      readonly name: string
      readonly version: string
      readonly licenses: readonly string[]
    }
  | { readonly kind: 'lock' | 'table'; readonly packages: readonly LockedPackage[] }
  | { readonly kind: 'binary-lock' }

const lockParsers: ReadonlyMap<string, (text: string) => LockFile> = new Map([
  ['package-lock.json', parsePackageLock],
  ['npm-shrinkwrap.json', parsePackageLock],
  ['yarn.lock', parseYarnLock],
  ['pnpm-lock.yaml', parsePnpmLock],
  ['bun.lock', parseBunLock],
])

function read(file: FileHandle): FileFacts | undefined {
  if (isInstalledManifest(file.path)) {
    const manifest = parsePackageJson(decodeText(file.bytes(maxManifestBytes)))
    if (manifest === undefined) return undefined
    const { name = folderName(file.path), version, licenses } = manifest
    return { facts: { kind: 'installed', name, version, licenses } satisfies Facts }
  }
  if (isPlugAndPlay(file.path)) {
    const table = parsePlugAndPlay(decodeText(file.bytes()))
    if (table === undefined) return undefined
    const { packages, problems } = table
    return { facts: { kind: 'table', packages } satisfies Facts, packages: packages.length, problems }
  }
  const base = baseName(file.path)
  if (base === 'bun.lockb') return { facts: { kind: 'binary-lock' } satisfies Facts }
  const parse = lockParsers.get(base)
  if (parse === undefined) return undefined
  const { packages, problems } = parse(decodeText(file.bytes()))
  return { facts: { kind: 'lock', packages } satisfies Facts, packages: packages.length, problems }
}

/** One package and everything that speaks for it. */
interface Gathered {
  readonly name: string
  readonly version: string
  licenses: readonly string[]
  readonly installed: Location[]
  readonly locked: Location[]
  /** Folders of the lock files that name it, as they speak of its use. */
  readonly development: string[]
  isNeeded: boolean
}

function assemble(tree: Tree): Assembly {
  const gathered = new Map<string, Gathered>()
  const locks = new Set<string>()
  const binaryLocks: string[] = []
  for (const { path, facts } of tree.files as readonly { path: string; facts: Facts }[]) {
    if (facts.kind === 'installed') gather(gathered, facts).installed.push({ path })
    else if (facts.kind === 'binary-lock') binaryLocks.push(path)
    else if (facts.kind === 'table') for (const entry of facts.packages) addInstalled(gather(gathered, entry), path)
    else {
      locks.add(directoryName(path))
      for (const entry of facts.packages) addLocked(gather(gathered, entry), entry, path)
    }
  }
  const problems = binaryLocks
    .filter(path => !locks.has(directoryName(path)))
    .map(path => ({ path, code: 'unsupported' as const, detail: "Bun's binary lock file is not read" }))
  return { packages: [...gathered.values()].map(entry => toPackage(entry, locks)), problems }
}

function gather(
  gathered: Map<string, Gathered>,
  entry: { readonly name: string; readonly version: string; readonly licenses?: readonly string[] },
): Gathered {
  // Not by purl: that has no capitals, and `JSONStream` and `jsonstream` are two packages.
  const key = `${entry.name}\0${entry.version}`
  const known = gathered.get(key)
  if (known !== undefined) {
    if (known.licenses.length === 0) known.licenses = entry.licenses ?? []
    return known
  }
  const { name, version, licenses = [] } = entry
  const created: Gathered = {
    name,
    version,
    licenses,
    installed: [],
    locked: [],
    development: [],
    isNeeded: false,
  }
  gathered.set(key, created)
  return created
}

/** Yarn makes several virtual copies of one package for its several peers. */
function addInstalled({ installed }: Gathered, path: string): void {
  if (installed.at(-1)?.path !== path) installed.push({ path })
}

function addLocked(gathered: Gathered, entry: LockedPackage, path: string): void {
  gathered.locked.push({ path, ...(entry.line !== undefined && { line: entry.line }) })
  if (entry.dev === true) gathered.development.push(directoryName(path))
  else gathered.isNeeded = true
}

function toPackage(entry: Gathered, locks: ReadonlySet<string>): CatalogedPackage {
  const { name, version, licenses, installed, locked } = entry
  return {
    purl: npmPurl(name, version),
    type: 'npm',
    name,
    version,
    licenses,
    state: installed.length > 0 ? 'installed' : 'declared',
    ...(isDevelopment(entry, locks) && { dev: true }),
    locations: [...installed, ...locked],
  }
}

/** Every lock file that names the package must say so, and be the nearest one to each place where it is installed. */
function isDevelopment({ isNeeded, development, installed }: Gathered, locks: ReadonlySet<string>): boolean {
  if (isNeeded || development.length === 0) return false
  return installed.every(({ path }) => {
    const folder = nearest(path, locks)
    return folder !== undefined && development.includes(folder)
  })
}

/** The closest of `folders` that holds the project which `path` was installed for. */
function nearest(path: string, folders: ReadonlySet<string>): string | undefined {
  let folder = path
  while (folder !== '') {
    folder = directoryName(folder)
    if (folders.has(folder)) return folder
  }
  return undefined
}

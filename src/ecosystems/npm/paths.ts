/**
 * True for the `package.json` of an installed package: the end of an unbroken chain `node_modules/<name>` or
 * `node_modules/@<scope>/<name>`, which is where Node.js looks (https://nodejs.org/api/modules.html) and what
 * `npm ls --all` walks. The chain breaks inside a package, so its test data and bundles are not packages; it goes on
 * through the stores of pnpm, Yarn, Bun and Deno. Debian's module folders count like `node_modules`.
 */
export function isInstalledManifest(path: string): boolean {
  if (!path.endsWith(manifest)) return false
  const end = path.length - manifest.length
  let position = afterRoot(path)
  while (position >= 0 && position < end) {
    const next = afterEntry(path, position)
    if (next === end) return true
    position = next < 0 || next > end ? -1 : afterFolder(path, next)
  }
  return false
}

/** True for a lock file that does not belong to an installed package. */
export function isLockFile(path: string): boolean {
  if (!lockFiles.some(name => path.endsWith(name) && isSegment(path, path.length - name.length))) return false
  return afterRoot(path) < 0
}

/** True for the table of packages that Yarn Plug'n'Play keeps instead of `node_modules`. */
export function isPlugAndPlay(path: string): boolean {
  const isTable = [plugAndPlay, plugAndPlayData].some(
    name => path.endsWith(name) && isSegment(path, path.length - name.length),
  )
  return isTable && afterRoot(path) < 0
}

/** The folder of an installed package's manifest, as a package name: `@scope/name` or `name`. */
export function folderName(path: string): string {
  const end = path.length - manifest.length
  const slash = path.lastIndexOf('/', end - 1)
  const before = path.lastIndexOf('/', slash - 1)
  return path.slice(path.charCodeAt(before + 1) === at && slash > before + 1 ? before + 1 : slash + 1, end)
}

const manifest = '/package.json'
const plugAndPlay = '.pnp.cjs'
const plugAndPlayData = '.pnp.data.json'
const folder = 'node_modules/'
const at = 0x40
const dot = 0x2e

const lockFiles = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
] as const

/** Names of files that are read. */
export const readNames: readonly string[] = ['package.json', plugAndPlay, plugAndPlayData, ...lockFiles]

/** Debian's policy for Node.js modules: https://wiki.debian.org/Javascript/Nodejs. */
const debianFolder = '/nodejs/'

/** Position after the first module folder, or negative. */
function afterRoot(path: string): number {
  if (path.startsWith('usr/share/nodejs/')) return 'usr/share/nodejs/'.length
  if (path.startsWith('usr/lib/')) {
    const start = path.indexOf(debianFolder, 'usr/lib'.length)
    // Directly under usr/lib, or under the architecture's folder of it.
    if (start >= 0 && path.indexOf('/', 'usr/lib/'.length) >= start) return start + debianFolder.length
    if (start === 'usr/lib'.length) return start + debianFolder.length
  }
  for (let index = path.indexOf(folder); index >= 0; index = path.indexOf(folder, index + 1))
    if (isSegment(path, index)) return index + folder.length
  return -1
}

/** Position after `<name>` or `@<scope>/<name>` or, where a store stands there, after the package in it; or negative. */
function afterEntry(path: string, start: number): number {
  const first = path.charCodeAt(start)
  if (first === dot) return afterStore(path, start)
  const end = path.indexOf('/', start)
  if (first !== at) return end > start ? end : -1
  // A scope's entries that start with a dot are folders that npm is about to delete.
  if (end < 0 || path.charCodeAt(end + 1) === dot) return -1
  const nameEnd = path.indexOf('/', end + 1)
  return nameEnd > end + 1 ? nameEnd : -1
}

/** Position after the entry's own `node_modules/`, or negative where the path goes on inside the package. */
function afterFolder(path: string, end: number): number {
  return path.startsWith(folder, end + 1) ? end + 1 + folder.length : -1
}

/** Stores keep `<id>/node_modules/<name>`; Yarn's keeps `<id>/package`. */
function afterStore(path: string, start: number): number {
  const end = path.indexOf('/', start)
  const isStore =
    path.startsWith('.pnpm/', start) ||
    path.startsWith('.store/', start) ||
    path.startsWith('.bun/', start) ||
    path.startsWith('.deno/', start)
  if (!isStore) return -1
  const inner = path.indexOf(`/${folder}`, end)
  if (inner >= 0) return afterEntry(path, inner + 1 + folder.length)
  const idEnd = path.indexOf('/', end + 1)
  return idEnd > 0 && path.startsWith('package/', idEnd + 1) ? idEnd + '/package'.length : -1
}

function isSegment(path: string, index: number): boolean {
  return index === 0 || path.charCodeAt(index - 1) === 0x2f
}

import { asObject, asString, type JsonObject, member, parseJson } from '#lib/json.ts'
import { keyLines, type LockedPackage, type LockFile, splitDescriptor, versionFromArchive } from './locked-package.ts'
import { licensesOf } from './package-json.ts'

/**
 * Reads `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3
 * (https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json). The project, its workspaces and links are left
 * out. Throws where the text is not JSON or not an object.
 */
export function parsePackageLock(text: string): LockFile {
  const root = asObject(parseJson(text))
  if (root === undefined) throw new Error('the lock file is not an object')
  const version = member(root, 'lockfileVersion')
  const isKnown = version === undefined || version === 1 || version === 2 || version === 3
  const problems = isKnown
    ? []
    : [{ code: 'unsupported' as const, detail: `lock file version ${JSON.stringify(version)} of npm is not known` }]
  const packages = asObject(member(root, 'packages'))
  if (packages !== undefined) return { packages: fromPackages(packages, keyLines(text)), problems }
  const found: LockedPackage[] = []
  const lines = keyLines(text)
  for (const list of lines.values()) list.reverse()
  collectDependencies(member(root, 'dependencies'), lines, found)
  return { packages: found, problems }
}

const folder = 'node_modules/'

/** Versions 2 and 3: a flat table by path. */
function fromPackages(packages: JsonObject, lines: Map<string, number[]>): LockedPackage[] {
  const found: LockedPackage[] = []
  for (const [path, value] of Object.entries(packages)) {
    const entry = asObject(value)
    const start = path.lastIndexOf(folder)
    // The project itself and its workspaces stand outside every node_modules.
    if (entry === undefined || start < 0 || member(entry, 'link') === true) continue
    const name = asString(member(entry, 'name')) ?? path.slice(start + folder.length)
    const version = asString(member(entry, 'version')) ?? referenceVersion(name, asString(member(entry, 'resolved')))
    if (name === '' || version === undefined || version === '') continue
    const line = lines.get(path)?.[0]
    const licenses = licensesOf(entry)
    found.push({
      name,
      version,
      dev: member(entry, 'dev') === true,
      ...(line !== undefined && { line }),
      ...(licenses.length > 0 && { licenses }),
    })
  }
  return found
}

function referenceVersion(name: string, resolved: string | undefined): string | undefined {
  return resolved === undefined ? undefined : (versionFromArchive(name, resolved) ?? resolved)
}

/** Names that version 1 also uses for its own members, so that a line of theirs proves nothing. */
const memberNames = new Set(['dependencies', 'requires'])

/** Version 1: nested tables by name, in the order of the file, so that the lines of a name (last first) do too. */
function collectDependencies(table: unknown, lines: Map<string, number[]>, found: LockedPackage[]): void {
  for (const [key, value] of Object.entries(asObject(table) ?? {})) {
    const entry = asObject(value)
    if (entry === undefined) continue
    const line = memberNames.has(key) ? undefined : lines.get(key)?.pop()
    const text = asString(member(entry, 'version')) ?? ''
    const { name, version } = resolveReference(key, text)
    if (version !== '')
      found.push({ name, version, dev: member(entry, 'dev') === true, ...(line !== undefined && { line }) })
    collectDependencies(member(entry, 'dependencies'), lines, found)
  }
}

/** Version 1 puts aliases, addresses and folders where the version stands; a folder is the project's own. */
function resolveReference(key: string, text: string): { name: string; version: string } {
  if (text.startsWith('npm:')) {
    const { name, rest } = splitDescriptor(text.slice('npm:'.length))
    return { name, version: rest }
  }
  const isAddress = text.startsWith('http:') || text.startsWith('https:')
  const archived = isAddress || text.startsWith('file:') ? versionFromArchive(key, text) : undefined
  const isArchive = /\.(?:tgz|tar\.gz|tar)$/.test(text)
  if (text.startsWith('file:') && !isArchive) return { name: key, version: '' }
  return { name: key, version: archived ?? text }
}

import { numberedLines } from '#lib/document-bounds.ts'
import { asArray, asObject, asString, asStrings, type JsonObject, member } from '#lib/json.ts'
import { parseJsonc } from '#lib/jsonc.ts'
import { type LockedPackage, type LockFile, reachable, splitDescriptor } from './locked-package.ts'

/**
 * Reads the text form of Bun's lock file (https://bun.com/docs/pm/lockfile). Workspaces, links and folders are left
 * out. Throws where the text is not JSON with comments or not an object.
 */
export function parseBunLock(text: string): LockFile {
  const root = asObject(parseJsonc(text))
  if (root === undefined) throw new Error('the lock file is not an object')
  const packages = asObject(member(root, 'packages')) ?? {}
  const needed = neededInProduction(root, packages)
  const lines = entryLines(text)
  const found: LockedPackage[] = []
  for (const [key, entry] of Object.entries(packages)) {
    const { name, rest } = splitDescriptor(asString(asArray(entry)[0]) ?? '')
    if (name === '' || rest === '' || isOwn(rest)) continue
    const line = lines.get(key)
    found.push({ name, version: rest, dev: !needed.has(key), ...(line !== undefined && { line }) })
  }
  const version = member(root, 'lockfileVersion')
  const isKnown = version === 0 || version === 1 || version === 2
  const detail = `lock file version ${JSON.stringify(version) ?? '(none)'} of Bun is not known`
  return { packages: found, problems: isKnown ? [] : [{ code: 'unsupported', detail }] }
}

function isOwn(reference: string): boolean {
  return ['workspace:', 'root:', 'link:', 'file:'].some(prefix => reference.startsWith(prefix))
}

/** Lines of the packages: each stands on one of its own, `    "key": ["name@version", …`. */
function entryLines(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  for (const [number, line] of numberedLines(text)) {
    const end = line.indexOf('": [')
    if (line.startsWith('    "') && end > 0) lines.set(line.slice('    "'.length, end), number)
  }
  return lines
}

function neededInProduction(root: JsonObject, packages: JsonObject): Set<string> {
  const roots = Object.entries(asObject(member(root, 'workspaces')) ?? {}).flatMap(([folder, workspace]) => {
    const path = folder === '' ? '' : (asString(member(workspace, 'name')) ?? '')
    return dependencyNames(workspace).map(name => resolve(packages, path, name))
  })
  const keys = reachable(
    roots.filter(key => key !== undefined),
    key => {
      const info = asArray(packages[key]).find(part => asObject(part) !== undefined)
      return dependencyNames(info)
        .map(name => resolve(packages, key, name))
        .filter(found => found !== undefined)
    },
  )
  return keys
}

/** Names of what is needed at run time. Peers that are optional need not be there. */
function dependencyNames(table: unknown): string[] {
  const optional = new Set(asStrings(member(table, 'optionalPeers')))
  const peers = Object.keys(asObject(member(table, 'peerDependencies')) ?? {}).filter(name => !optional.has(name))
  return [
    ...Object.keys(asObject(member(table, 'dependencies')) ?? {}),
    ...Object.keys(asObject(member(table, 'optionalDependencies')) ?? {}),
    ...peers,
  ]
}

/** Longer keys and deeper nesting are not followed upwards: no real tree comes near. */
const maxKeyLength = 2048
const maxDepth = 32

/** The key that a dependency of `from` resolves to: the nearest of `from/name`, its parents' and `name`. */
function resolve(packages: JsonObject, from: string, name: string): string | undefined {
  const parents = from.length > maxKeyLength ? [] : packagePath(from)
  for (let length = Math.min(parents.length, maxDepth); length >= 0; length--) {
    const key = [...parents.slice(0, length), name].join('/')
    if (Object.hasOwn(packages, key)) return key
  }
  return undefined
}

/** `@a/b/c` is `c` in `@a/b`. */
function packagePath(key: string): string[] {
  const path: string[] = []
  let scope = ''
  for (const segment of key.split('/')) {
    if (segment.startsWith('@') && scope === '') scope = `${segment}/`
    else {
      path.push(scope + segment)
      scope = ''
    }
  }
  return path.filter(part => part !== '')
}

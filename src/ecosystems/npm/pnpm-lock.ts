import type { FileProblem } from '#ecosystems/types.ts'
import { asObject, asString, type JsonObject, member } from '#lib/json.ts'
import { parseYamlStream } from '#lib/yaml.ts'
import { keyLines, type LockedPackage, type LockFile, reachable } from './locked-package.ts'

/**
 * Reads `pnpm-lock.yaml`, versions 5, 6 and 9 (https://github.com/pnpm/spec/tree/master/lockfile). Workspace projects
 * and folders (`link:`, `file:`) are left out. Throws on what is no YAML; a table of packages that is none is a problem.
 */
export function parsePnpmLock(text: string): LockFile {
  const packages: LockedPackage[] = []
  const problems: FileProblem[] = []
  const lines = keyLines(text, 2)
  for (const document of parseYamlStream(text)) {
    const root = asObject(document)
    if (root === undefined) continue
    const version = member(root, 'lockfileVersion')
    const major = Number.parseInt(String(version), 10)
    const table = member(root, 'packages')
    if (table !== undefined && table !== null && asObject(table) === undefined) {
      problems.push({ code: 'unreadable', detail: 'the table `packages` of a pnpm lock file is no table' })
    } else if (major === 5 || major === 6 || major === 9) {
      for (const found of fromDocument(root, major, lines)) packages.push(found)
    } else
      problems.push({
        code: 'unsupported',
        detail: `lock file version ${JSON.stringify(version) ?? '(none)'} of pnpm is not known`,
      })
  }
  return { packages, problems }
}

function fromDocument(root: JsonObject, major: number, lines: Map<string, number[]>): LockedPackage[] {
  const found: LockedPackage[] = []
  const needed = major === 9 ? neededInProduction(root) : undefined
  for (const [key, entry] of Object.entries(asObject(member(root, 'packages')) ?? {})) {
    if (asString(member(member(entry, 'resolution'), 'directory')) !== undefined) continue
    const parts = major === 5 ? slashedKey(key) : atKey(key)
    const name = asString(member(entry, 'name')) ?? parts.name
    const version = asString(member(entry, 'version')) ?? parts.version
    if (name === '' || version === '') continue
    const line = lines.get(key)?.[0]
    const isDevelopment = needed === undefined ? member(entry, 'dev') === true : !needed.has(key)
    found.push({ name, version, dev: isDevelopment, ...(line !== undefined && { line }) })
  }
  return found
}

/** Version 5: `/name/1.2.3_peers`, with the registry's host in front where it is not the usual one. */
function slashedKey(key: string): { name: string; version: string } {
  const segments = key.slice(key.indexOf('/') + 1).split('/')
  const length = segments[0]?.startsWith('@') ? 2 : 1
  const version = segments.slice(length).join('/')
  return { name: segments.slice(0, length).join('/'), version: version.split('_', 1)[0]! }
}

/** Versions 6 and 9: `name@1.2.3(peers)`; 6 has `/`, or another registry's host and `/`, in front. */
function atKey(key: string): { name: string; version: string } {
  const text = withoutPeers(key)
  let separator = text.indexOf('@', 1)
  // The first `@` that does not open a scope.
  while (separator > 0 && text[separator - 1] === '/') separator = text.indexOf('@', separator + 1)
  if (separator < 0) return { name: '', version: '' }
  const segments = text.slice(0, separator).split('/')
  const isScoped = segments.at(-2)?.startsWith('@') === true
  return { name: segments.slice(isScoped ? -2 : -1).join('/'), version: text.slice(separator + 1) }
}

function withoutPeers(key: string): string {
  const parenthesis = key.indexOf('(')
  return parenthesis < 0 ? key : key.slice(0, parenthesis)
}

/** Version 9 keeps no `dev` flags: what production dependencies of any project lead to, without peers, is needed. */
function neededInProduction(root: JsonObject): Set<string> {
  const snapshots = asObject(member(root, 'snapshots')) ?? {}
  const importers = Object.values(asObject(member(root, 'importers')) ?? { '.': root })
  const roots = importers.flatMap(importer => [
    ...references(member(importer, 'dependencies')),
    ...references(member(importer, 'optionalDependencies')),
  ])
  const keys = reachable(roots, key => {
    const snapshot = Object.hasOwn(snapshots, key) ? snapshots[key] : undefined
    return [...references(member(snapshot, 'dependencies')), ...references(member(snapshot, 'optionalDependencies'))]
  })
  return new Set([...keys].map(withoutPeers))
}

/** Keys of the snapshots that a dependency table points at. */
function references(table: unknown): string[] {
  return Object.entries(asObject(table) ?? {}).flatMap(([name, value]) => {
    const reference = asString(value) ?? asString(member(value, 'version'))
    if (reference === undefined || reference.startsWith('link:')) return []
    return [namesPackage(reference) ? reference : `${name}@${reference}`]
  })
}

/** True for `real@1.2.3`, which an alias has, and false for `1.2.3(peer@4.5.6)` and addresses. */
function namesPackage(reference: string): boolean {
  if (reference.startsWith('@')) return true
  const separator = reference.indexOf('@')
  if (separator < 0) return false
  const parenthesis = reference.indexOf('(')
  const colon = reference.indexOf(':')
  return (parenthesis < 0 || separator < parenthesis) && (colon < 0 || separator < colon)
}

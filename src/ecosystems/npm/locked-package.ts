import type { FileProblem } from '#ecosystems/types.ts'

/** One package as a lock file names it. */
export interface LockedPackage {
  /** The real name, also where the project uses an alias. */
  readonly name: string
  /** The version; where the file tells none, the reference it tells instead (a git or tarball address). */
  readonly version: string
  /** 1-based, where the entry stands on a line of its own. */
  readonly line?: number
  /** True where nothing but development dependencies lead to it; absent where the file does not tell. */
  readonly dev?: boolean
  readonly licenses?: readonly string[]
}

/** What one lock file says. */
export interface LockFile {
  readonly packages: readonly LockedPackage[]
  readonly problems: readonly FileProblem[]
}

/**
 * Splits `name@rest` at the first `@` that is not a scope's: `@a/b@npm:c@1` gives `@a/b` and `npm:c@1`. `rest` is
 * empty where there is none.
 */
export function splitDescriptor(text: string): { readonly name: string; readonly rest: string } {
  const separator = text.indexOf('@', 1)
  return separator < 0 ? { name: text, rest: '' } : { name: text.slice(0, separator), rest: text.slice(separator + 1) }
}

/**
 * The version in the name of a package archive, as npm guesses it: `https://x.test/foo-1.2.3.tgz` of `foo` gives
 * `1.2.3`; undefined where the name tells none.
 */
export function versionFromArchive(name: string, reference: string): string | undefined {
  const path = reference.split(/[?#]/, 1)[0]!
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf(':')) + 1)
  const extension = ['.tgz', '.tar.gz', '.tar'].find(end => file.endsWith(end))
  const base = name.slice(name.lastIndexOf('/') + 1)
  if (extension === undefined || !file.startsWith(`${base}-`)) return undefined
  const version = file.slice(base.length + 1, file.length - extension.length)
  return version.charCodeAt(0) >= 0x30 && version.charCodeAt(0) <= 0x39 ? version : undefined
}

/**
 * Lines (1-based) of the keys that open a block of their own: `"key": {` or `key:` at the end of a line, at exactly
 * `indent` blanks, or at any where `indent` is undefined. A key that opens several blocks has several lines, in order.
 */
export function keyLines(text: string, indent?: number): Map<string, number[]> {
  const lines = new Map<string, number[]>()
  let number = 0
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    number++
    let first = start
    while (first < end && text.charCodeAt(first) === 0x20) first++
    const key = indent === undefined || first - start === indent ? openedKey(text.slice(first, end)) : undefined
    if (key !== undefined) {
      const known = lines.get(key)
      if (known === undefined) lines.set(key, [number])
      else known.push(number)
    }
    start = end + 1
  }
  return lines
}

function openedKey(line: string): string | undefined {
  let text = line.trimEnd()
  if (text.endsWith('{')) text = text.slice(0, -1).trimEnd()
  if (!text.endsWith(':')) return undefined
  const key = text.slice(0, -1)
  const quote = key.charCodeAt(0)
  const isQuoted = key.length > 1 && (quote === 0x22 || quote === 0x27) && key.charCodeAt(key.length - 1) === quote
  return isQuoted ? key.slice(1, -1) : key
}

/** Everything that can be reached from `roots`, themselves included. */
export function reachable(roots: Iterable<string>, next: (key: string) => Iterable<string>): Set<string> {
  const seen = new Set(roots)
  for (const key of seen) for (const neighbor of next(key)) seen.add(neighbor)
  return seen
}

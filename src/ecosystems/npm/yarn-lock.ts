import type { FileProblem } from '#ecosystems/types.ts'
import { numberedLines } from '#lib/document-bounds.ts'
import { asObject, asString, member } from '#lib/json.ts'
import { parseYaml } from '#lib/yaml.ts'
import { keyLines, type LockedPackage, type LockFile, splitDescriptor } from './locked-package.ts'

/**
 * Reads `yarn.lock`: version 1 (https://classic.yarnpkg.com/lang/en/docs/yarn-lock/) and the YAML of Yarn 2 and later
 * (https://yarnpkg.com/advanced/lexicon#lockfile). Workspaces, links and portals are left out. Neither tells what is
 * for development only.
 */
export function parseYarnLock(text: string): LockFile {
  const isBerry = text.startsWith('__metadata:') || text.includes('\n__metadata:')
  return isBerry ? parseBerry(text) : parseClassic(text)
}

function parseBerry(text: string): LockFile {
  const root = asObject(parseYaml(text))
  if (root === undefined) throw new Error('the lock file is not a table')
  const lines = keyLines(text, 0)
  const packages: LockedPackage[] = []
  const problems: FileProblem[] = []
  for (const [key, entry] of Object.entries(root)) {
    if (key === '__metadata') continue
    const line = lines.get(key)?.[0]
    const { name } = splitDescriptor(asString(member(entry, 'resolution')) ?? '')
    const version = asString(member(entry, 'version')) ?? ''
    if (name === '' || version === '')
      problems.push({ code: 'unreadable', detail: `entry ${key} has no version or resolution`, ...(line && { line }) })
    else if (member(entry, 'linkType') !== 'soft') packages.push({ name, version, ...(line !== undefined && { line }) })
  }
  return { packages, problems }
}

/** Version 1 is indentation: patterns at the margin, members below. Only the patterns and `version` matter here. */
function parseClassic(text: string): LockFile {
  const packages: LockedPackage[] = []
  const problems: FileProblem[] = []
  let open: { readonly pattern: string; readonly line: number } | undefined
  const close = (): void => {
    if (open !== undefined)
      problems.push({ code: 'unreadable', detail: `entry ${open.pattern} has no version`, line: open.line })
    open = undefined
  }
  for (const [number, raw] of numberedLines(text)) {
    const line = raw.trimEnd()
    if (line === '' || line.startsWith('#')) continue
    if (!line.startsWith(' ')) {
      close()
      if (line.endsWith(':')) open = { pattern: firstPattern(line.slice(0, -1)), line: number }
      else problems.push({ code: 'unreadable', detail: 'a line is no part of a lock file', line: number })
    } else if (open !== undefined && line.startsWith('  version ')) {
      const entry = fromPattern(open.pattern, unquote(line.slice('  version '.length)))
      if (entry !== undefined) packages.push({ ...entry, line: open.line })
      open = undefined
    }
  }
  close()
  return { packages, problems }
}

/** All patterns of an entry lead to one package; the first tells which. */
function firstPattern(header: string): string {
  if (!header.startsWith('"')) return header.split(', ', 1)[0]!
  const end = header.indexOf('"', 1)
  return end < 0 ? header.slice(1) : header.slice(1, end)
}

function fromPattern(pattern: string, version: string): LockedPackage | undefined {
  const { name, rest } = splitDescriptor(pattern)
  if (name === '' || version === '' || rest.startsWith('link:')) return undefined
  if (!rest.startsWith('npm:')) return { name, version }
  const target = rest.slice('npm:'.length)
  const alias = splitDescriptor(target)
  // `foo@npm:^1.0.0` names no other package.
  const isOther = alias.rest !== '' || /^@?[a-z]/i.test(target)
  return { name: isOther ? alias.name : name, version }
}

function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text
}

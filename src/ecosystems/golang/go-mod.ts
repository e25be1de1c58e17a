import type { FileProblem } from '#ecosystems/types.ts'
import { numberedLines } from '#lib/document-bounds.ts'
import { type GoModule, isFolder } from './modules.ts'

/** A module that a project asks for. */
export interface RequiredModule extends GoModule {
  /** 1-based. */
  readonly line: number
}

/** What one `go.mod` says. */
export interface GoModFile {
  readonly modules: readonly RequiredModule[]
  readonly problems: readonly FileProblem[]
}

interface Replacement {
  readonly version: string | undefined
  readonly by: GoModule
}

/**
 * Reads `go.mod` (https://go.dev/ref/mod#go-mod-file): what is required, after replacements. What a folder replaces is
 * the project's own and left out. `exclude` and `retract` say nothing of what is used; the `go` and `toolchain` lines
 * name the lowest toolchain, not the one that builds.
 */
export function parseGoMod(text: string): GoModFile {
  const required: RequiredModule[] = []
  const replacements = new Map<string, Replacement[]>()
  const problems: FileProblem[] = []
  let block: string | undefined
  for (const [number, raw] of numberedLines(text)) {
    const words = tokens(raw)
    if (words.length === 0) continue
    if (block !== undefined && words[0] === ')') {
      block = undefined
      continue
    }
    if (block === undefined && words.length === 2 && words[1] === '(') {
      block = words[0]
      continue
    }
    const [directive, ...rest] = block === undefined ? words : [block, ...words]
    const isUnderstood = directive === 'require' ? require(rest, number, required) : true
    const isReplaced = directive === 'replace' ? replace(rest, replacements) : true
    if (!isUnderstood || !isReplaced)
      problems.push({ code: 'unreadable', detail: `a ${directive} line is not understood`, line: number })
  }
  return { modules: required.flatMap(module => applied(module, replacements)), problems }
}

function require(words: readonly string[], line: number, found: RequiredModule[]): boolean {
  const [path, version] = words
  if (!path || !version || words.length !== 2) return false
  found.push({ path, version, line })
  return true
}

function replace(words: readonly string[], replacements: Map<string, Replacement[]>): boolean {
  const arrow = words.indexOf('=>')
  const [path, version] = words.slice(0, arrow)
  const [target, targetVersion = ''] = words.slice(arrow + 1)
  if (arrow < 1 || arrow > 2 || !path || !target) return false
  const list = replacements.get(path) ?? []
  list.push({ version, by: { path: target, version: targetVersion } })
  replacements.set(path, list)
  return true
}

/** A replacement of the very version goes before one of all versions. */
function applied(module: RequiredModule, replacements: Map<string, Replacement[]>): readonly RequiredModule[] {
  const candidates = replacements.get(module.path) ?? []
  const match =
    candidates.find(({ version }) => version === module.version) ??
    candidates.find(({ version }) => version === undefined)
  if (match === undefined) return [module]
  if (isFolder(match.by.path)) return []
  return [{ path: match.by.path, version: match.by.version, line: module.line }]
}

/** Words and quoted texts of a line, without its comment. */
function tokens(line: string): string[] {
  const found: string[] = []
  let index = 0
  while (index < line.length) {
    const character = line[index]!
    if (character === ' ' || character === '\t' || character === '\r') index++
    else if (line.startsWith('//', index)) break
    else if (character === '(' || character === ')') {
      found.push(character)
      index++
    } else if (character === '"' || character === '`') {
      const end = line.indexOf(character, index + 1)
      if (end < 0) return [...found, line.slice(index)]
      found.push(line.slice(index + 1, end))
      index = end + 1
    } else {
      let end = index
      while (end < line.length && !' \t\r()'.includes(line[end]!) && !line.startsWith('//', end)) end++
      found.push(line.slice(index, end))
      index = end
    }
  }
  return found
}

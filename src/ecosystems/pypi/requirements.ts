import { numberedLines } from '#lib/document-bounds.ts'
import { baseName } from '#lib/text.ts'
import type { DeclaredPackage } from './declared.ts'

/** Words in a file's name that say it is for development only. */
const devWords = new Set(['dev', 'develop', 'development', 'lint', 'test', 'tests', 'testing'])

const pinned = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([\s\S]*)$/

const exact = /^={2,3}\s*([^\s=<>!~;,()*]+)$/

/**
 * Reads a pip requirements file (https://pip.pypa.io/en/stable/reference/requirements-file-format/). Only requirements
 * pinned by `==` or `===` name a package; ranges, URLs, paths and options name none and are passed over, since what
 * they install is decided elsewhere. A package is for development where the file's own name says so.
 */
export function parseRequirements(text: string, path: string): readonly DeclaredPackage[] {
  const isDev = baseName(path)
    .toLowerCase()
    .split(/[^a-z]/)
    .some(word => devWords.has(word))
  const packages: DeclaredPackage[] = []
  for (const { line, logical } of logicalLines(text)) {
    const requirement = parseRequirement(logical)
    if (requirement !== undefined) packages.push({ ...requirement, ...(isDev && { dev: true }), line })
  }
  return packages
}

/** One requirement of PEP 508 with pip's options behind it; undefined where it pins nothing. */
export function parseRequirement(text: string): { readonly name: string; readonly version: string } | undefined {
  const semicolon = text.indexOf(';')
  const options = text.search(/\s--[a-z]/)
  const ends = [semicolon, options].filter(end => end >= 0)
  const match = pinned.exec(text.slice(0, ends.length > 0 ? Math.min(...ends) : text.length).trim())
  if (match === null) return undefined
  for (const clause of match[2]!.replace(/[()]/g, '').split(',')) {
    const version = exact.exec(clause.trim())?.[1]
    if (version !== undefined) return { name: match[1]!, version }
  }
  return undefined
}

/** Joins continued lines and drops comments, as pip does. */
function* logicalLines(text: string): Generator<{ readonly line: number; readonly logical: string }> {
  let pending: string[] = []
  let from = 1
  for (const [number, raw] of numberedLines(text)) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (pending.length === 0) from = number
    const isComment = line.trimStart().startsWith('#')
    if (line.endsWith('\\') && !isComment) {
      pending.push(line.slice(0, -1))
      continue
    }
    pending.push(isComment ? '' : line)
    const whole = pending.join(' ')
    pending = []
    const comment = whole.search(/\s#/)
    const logical = (comment < 0 ? whole : whole.slice(0, comment)).trim()
    if (logical !== '' && !logical.startsWith('-')) yield { line: from, logical }
  }
}

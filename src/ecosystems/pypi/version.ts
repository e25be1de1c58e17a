/**
 * Orders versions by PEP 440 (https://peps.python.org/pep-0440/): epoch, release, pre-release, post-release,
 * development release, local version. Strings that are no PEP 440 versions come before all that are, in code-unit
 * order. Total, linear in the length, never throws; numbers may have any number of digits.
 */
export function comparePypiVersions(a: string, b: string): number {
  const left = parseVersion(a)
  const right = parseVersion(b)
  if (left === undefined || right === undefined) {
    if (left !== undefined) return 1
    if (right !== undefined) return -1
    return a < b ? -1 : a > b ? 1 : 0
  }
  return (
    compareNumbers(left.epoch, right.epoch) ||
    compareReleases(left.release, right.release) ||
    comparePhases(left, right) ||
    compareLocals(left.local, right.local)
  )
}

/** True where the text is a PEP 440 version in any accepted spelling. */
export function isPypiVersion(text: string): boolean {
  return parseVersion(text) !== undefined
}

/** A version's parts; numbers are digits without leading zeros, an absent part is undefined. */
interface Version {
  readonly epoch: string
  /** Without trailing zeros. */
  readonly release: readonly string[]
  /** `a`, `b` or `rc`, and its number. */
  readonly pre?: { readonly letter: string; readonly number: string }
  readonly post?: string
  readonly dev?: string
  readonly local?: readonly string[]
}

/** Every spelling of a pre-release, longest first, and what it normalises to. */
const preSpellings = [
  ['preview', 'rc'],
  ['alpha', 'a'],
  ['beta', 'b'],
  ['pre', 'rc'],
  ['rc', 'rc'],
  ['a', 'a'],
  ['b', 'b'],
  ['c', 'rc'],
] as const

const postSpellings = [
  ['post', 'post'],
  ['rev', 'post'],
  ['r', 'post'],
] as const

const devSpellings = [['dev', 'dev']] as const

function parseVersion(text: string): Version | undefined {
  const source = text.trim().toLowerCase()
  const state = { source, at: source.startsWith('v') ? 1 : 0 }
  let first = takeDigits(state)
  let epoch = '0'
  if (first !== '' && source[state.at] === '!') {
    state.at++
    epoch = first
    first = takeDigits(state)
  }
  if (first === '') return undefined
  const release = [trimZeros(first)]
  while (source[state.at] === '.' && isDigit(source, state.at + 1)) {
    state.at++
    release.push(trimZeros(takeDigits(state)))
  }
  while (release.length > 1 && release.at(-1) === '0') release.pop()
  const pre = takePhase(state, preSpellings)
  const post = takeImplicitPost(state) ?? takePhase(state, postSpellings)?.number
  const dev = takePhase(state, devSpellings)?.number
  const local = state.source[state.at] === '+' ? takeLocal(state) : undefined
  if (state.at !== source.length) return undefined
  return { epoch: trimZeros(epoch), release, pre, post, dev, local }
}

interface Cursor {
  readonly source: string
  at: number
}

function takeDigits(cursor: Cursor): string {
  const start = cursor.at
  while (isDigit(cursor.source, cursor.at)) cursor.at++
  return cursor.source.slice(start, cursor.at)
}

/** A separator, a word, a separator, a number: everything but the word may be absent. Moves only where it matches. */
function takePhase(
  cursor: Cursor,
  spellings: readonly (readonly [string, string])[],
): { readonly letter: string; readonly number: string } | undefined {
  const start = isSeparator(cursor.source, cursor.at) ? cursor.at + 1 : cursor.at
  const found = spellings.find(([spelling]) => cursor.source.startsWith(spelling, start))
  if (found === undefined) return undefined
  cursor.at = start + found[0].length
  // The reference pattern allows this separator even where no number follows: `1.0a.` and `1.0a..dev1` are versions.
  if (isSeparator(cursor.source, cursor.at)) cursor.at++
  return { letter: found[1], number: trimZeros(takeDigits(cursor) || '0') }
}

/** `1.0-1` means `1.0.post1`. */
function takeImplicitPost(cursor: Cursor): string | undefined {
  if (cursor.source[cursor.at] !== '-' || !isDigit(cursor.source, cursor.at + 1)) return undefined
  cursor.at++
  return trimZeros(takeDigits(cursor))
}

/** `+` and segments of letters and digits; undefined, and nothing taken, where that is malformed. */
function takeLocal(cursor: Cursor): readonly string[] | undefined {
  const segments: string[] = []
  let at = cursor.at
  do {
    const start = ++at
    while (isDigit(cursor.source, at) || isLetter(cursor.source, at)) at++
    if (at === start) return undefined
    segments.push(cursor.source.slice(start, at))
  } while (isSeparator(cursor.source, at))
  cursor.at = at
  return segments
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0x30 && code <= 0x39
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0x61 && code <= 0x7a
}

function isSeparator(text: string, at: number): boolean {
  const character = text[at]
  return character === '.' || character === '-' || character === '_'
}

function trimZeros(digits: string): string {
  let start = 0
  while (start < digits.length - 1 && digits[start] === '0') start++
  return digits.slice(start)
}

function compareNumbers(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

function compareReleases(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = compareNumbers(a[index] ?? '0', b[index] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

function comparePhases(a: Version, b: Version): number {
  return (
    preRank(a) - preRank(b) ||
    compareNumbers(a.pre?.number ?? '0', b.pre?.number ?? '0') ||
    compareOptional(a.post, b.post, -1) ||
    compareOptional(a.dev, b.dev, 1)
  )
}

/** A development release of nothing else comes before every pre-release, a final release after. */
function preRank(version: Version): number {
  if (version.pre !== undefined) return 1 + ['a', 'b', 'rc'].indexOf(version.pre.letter)
  return version.post === undefined && version.dev !== undefined ? 0 : 4
}

/** `absent` is the place of an absent part: -1 before every number, 1 after. */
function compareOptional(a: string | undefined, b: string | undefined, absent: -1 | 1): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? absent : -absent
  return compareNumbers(a, b)
}

/** Numbers come after words, and a longer local version after its own beginning. */
function compareLocals(a: readonly string[] | undefined, b: readonly string[] | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareSegments(a[index]!, b[index]!)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareSegments(a: string, b: string): number {
  const aIsNumber = isNumber(a)
  if (aIsNumber !== isNumber(b)) return aIsNumber ? 1 : -1
  return aIsNumber ? compareNumbers(trimZeros(a), trimZeros(b)) : a < b ? -1 : a > b ? 1 : 0
}

function isNumber(segment: string): boolean {
  for (let at = 0; at < segment.length; at++) if (!isDigit(segment, at)) return false
  return true
}

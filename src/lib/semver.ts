import { compareText } from './text.ts'

/** A version in the shape of https://semver.org, in any of the spellings that `parseSemver` accepts. */
export interface SemVer {
  /** Major, minor, patch and any further ones, as digits without leading zeros: no precision is lost. */
  readonly numbers: readonly string[]
  /** Dot-separated identifiers after the hyphen; empty for a release. Digits have no leading zeros. */
  readonly prerelease: readonly string[]
  /** What follows `+`; has no say in the order. */
  readonly build: string
}

/**
 * Reads a version leniently: blanks, `v` and `=` in front, any number of dotted numbers, leading zeros, and a
 * pre-release without its hyphen (`1.2.3beta`), as node-semver does in loose mode. Undefined where no digit leads.
 */
export function parseSemver(text: string): SemVer | undefined {
  let position = 0
  while (position < text.length && isPrefix(text.charCodeAt(position))) position++
  const numbers: string[] = []
  for (;;) {
    const end = skipDigits(text, position)
    if (end === position) break
    numbers.push(withoutZeros(text.slice(position, end)))
    position = end
    if (text.charCodeAt(position) !== dot || !isDigit(text.charCodeAt(position + 1))) break
    position++
  }
  if (numbers.length === 0) return undefined
  const rest = text.slice(position).trimEnd()
  const plus = rest.indexOf('+')
  const suffix = plus < 0 ? rest : rest.slice(0, plus)
  return { numbers, prerelease: identifiers(suffix), build: plus < 0 ? '' : rest.slice(plus + 1) }
}

/**
 * SemVer 2.0 precedence (https://semver.org/#spec-item-11): negative, 0 or positive. Missing numbers count as 0, build
 * metadata is ignored. Total over all strings: what is no version at all comes before every version, by its text.
 */
export function compareSemver(a: string, b: string): number {
  if (a === b) return 0
  const left = parseSemver(a)
  const right = parseSemver(b)
  if (left === undefined || right === undefined) {
    if (left !== undefined) return 1
    return right !== undefined ? -1 : compareText(a, b)
  }
  return compareNumbers(left.numbers, right.numbers) || comparePrereleases(left.prerelease, right.prerelease)
}

const dot = 0x2e

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** `v`, `=` and blanks. */
function isPrefix(code: number): boolean {
  return code === 0x76 || code === 0x3d || code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0
}

function skipDigits(text: string, from: number): number {
  let end = from
  while (isDigit(text.charCodeAt(end))) end++
  return end
}

function withoutZeros(digits: string): string {
  let start = 0
  while (start < digits.length - 1 && digits.charCodeAt(start) === 0x30) start++
  return start === 0 ? digits : digits.slice(start)
}

/** The hyphen belongs to the first identifier where nothing else would be left of it: `1.0.0-` and `1.0.0-.a`. */
function identifiers(suffix: string): readonly string[] {
  if (suffix === '' || suffix === '.') return []
  const first = suffix.charCodeAt(0)
  const isSeparator = first === dot || (first === 0x2d && suffix.length > 1 && suffix.charCodeAt(1) !== dot)
  return (isSeparator ? suffix.slice(1) : suffix).split('.').map(part => (isNumeric(part) ? withoutZeros(part) : part))
}

function isNumeric(identifier: string): boolean {
  return identifier !== '' && skipDigits(identifier, 0) === identifier.length
}

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const order = compareDigits(a[index] ?? '0', b[index] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

function compareDigits(a: string, b: string): number {
  return a.length - b.length || compareText(a, b)
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const order = compareIdentifiers(a[index]!, b[index]!)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareIdentifiers(a: string, b: string): number {
  const isLeftNumeric = isNumeric(a)
  const isRightNumeric = isNumeric(b)
  if (isLeftNumeric && isRightNumeric) return compareDigits(a, b)
  if (isLeftNumeric !== isRightNumeric) return isLeftNumeric ? -1 : 1
  return compareText(a, b)
}

import { compareText } from '#lib/text.ts'

/** The parts of `[epoch:]version[-release]`. */
export interface Evr {
  /** Decimal digits without leading zeros; `0` where no epoch is written. */
  readonly epoch: string
  readonly version: string
  /** Undefined where there is none, which is lower than every release. */
  readonly release: string | undefined
}

/**
 * Splits as rpm does (`rpmverParse`, https://github.com/rpm-software-management/rpm/blob/master/rpmio/rpmver.c): digits
 * before the first `:` are the epoch, what follows the last `-` is the release. Any text is accepted.
 */
export function parseEvr(text: string): Evr {
  let digits = 0
  while (isDigit(text.charCodeAt(digits))) digits++
  const hasEpoch = text.charCodeAt(digits) === 0x3a
  const rest = hasEpoch ? text.slice(digits + 1) : text
  const dash = rest.lastIndexOf('-')
  return {
    epoch: hasEpoch ? withoutLeadingZeros(text.slice(0, digits)) || '0' : '0',
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? undefined : rest.slice(dash + 1),
  }
}

/**
 * Orders `[epoch:]version[-release]` as rpm does: epoch by number (none is 0), then version, then release (none is lower
 * than any). Total over all strings, linear in their length, never throws.
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0
  const left = parseEvr(a)
  const right = parseEvr(b)
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareLabels(left.version, right.version) ||
    compareReleases(left.release, right.release)
  )
}

/** Compares two releases; a missing one is lower than any other. */
function compareReleases(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  return compareLabels(a, b)
}

/**
 * The segment comparison `rpmvercmp`: runs of digits by number, runs of letters by text, digits above letters, `~` below
 * everything and `^` just above the end. All other characters only separate
 * (https://rpm-software-management.github.io/rpm/man/rpm-version.7).
 */
export function compareLabels(a: string, b: string): number {
  if (a === b) return 0
  let i = 0
  let j = 0
  for (;;) {
    while (i < a.length && isSeparator(a.charCodeAt(i))) i++
    while (j < b.length && isSeparator(b.charCodeAt(j))) j++
    const left = i < a.length ? a.charCodeAt(i) : end
    const right = j < b.length ? b.charCodeAt(j) : end
    if (left === tilde || right === tilde || left === caret || right === caret) {
      const order = rank(left) - rank(right)
      if (order !== 0) return order < 0 ? -1 : 1
      i++
      j++
      continue
    }
    if (left === end || right === end) return left === right ? 0 : left === end ? -1 : 1
    if (isDigit(left) !== isDigit(right)) return isDigit(left) ? 1 : -1
    const inRun = isDigit(left) ? isDigit : isLetter
    const [iStart, jStart] = [i, j]
    while (inRun(a.charCodeAt(i))) i++
    while (inRun(b.charCodeAt(j))) j++
    const [runA, runB] = [a.slice(iStart, i), b.slice(jStart, j)]
    const order = isDigit(left) ? compareDigits(runA, runB) : compareText(runA, runB)
    if (order !== 0) return order
  }
}

const end = -1
const tilde = 0x7e
const caret = 0x5e

/** Where `~` or `^` is involved: `~` is below the end, the end below `^`, and `^` below any segment. */
function rank(code: number): number {
  return code === tilde ? 0 : code === end ? 1 : code === caret ? 2 : 3
}

function compareDigits(a: string, b: string): number {
  const left = withoutLeadingZeros(a)
  const right = withoutLeadingZeros(b)
  return left.length === right.length ? compareText(left, right) : left.length < right.length ? -1 : 1
}

function withoutLeadingZeros(digits: string): string {
  let start = 0
  while (digits.charCodeAt(start) === 0x30) start++
  return digits.slice(start)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
}

function isSeparator(code: number): boolean {
  return !isDigit(code) && !isLetter(code) && code !== tilde && code !== caret
}

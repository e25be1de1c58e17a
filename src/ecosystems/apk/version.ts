/** Token types in apk's own order: where versions part at different types, the higher type is the older version. */
const initialDigits = 0
const digits = 1
const letter = 2
const suffix = 3
const suffixNumber = 4
const commitHash = 5
const revision = 6
const end = 7
const invalid = 8

/** Suffixes from the oldest to the newest; those before `none` mark what comes before a release. */
const suffixes = ['alpha', 'beta', 'pre', 'rc', 'none', 'cvs', 'svn', 'git', 'hg', 'p']
const none = suffixes.indexOf('none')

/**
 * The version order of apk-tools 3: negative, 0 or positive. The form is
 * `digits{.digits}…{letter}{_suffix{digits}}…{~hash}{-rdigits}`
 * (https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/src/version.c). Numbers after the first compare as text
 * where one has a leading zero; apk-tools 2 differs there alone (`1.010` and `1.09`). Total over
 * all strings, numbers of any length, never throws: at the first character outside the form a version is older than any
 * well-formed one with the same beginning, and equal to any other that stops there.
 */
export function compare(a: string, b: string): number {
  const left = new Tokens(a)
  const right = new Tokens(b)
  while (left.type === right.type && left.type < end) {
    const difference = compareValues(left, right)
    if (difference !== 0) return difference
    left.next()
    right.next()
  }
  if (left.type === right.type) return 0
  if (left.isBeforeRelease()) return -1
  if (right.isBeforeRelease()) return 1
  return right.type - left.type
}

/** One version, one token at a time. */
class Tokens {
  type = initialDigits
  value = ''
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#take(initialDigits, isDigit)
  }

  next(): void {
    const code = this.#text.charCodeAt(this.#at)
    if (Number.isNaN(code)) this.type = end
    else if (isLower(code)) this.#takeLetter()
    else if (code === 0x2e) this.#takeAfter(digits, this.type <= digits)
    else if (isDigit(code)) this.#take(this.type === suffix ? suffixNumber : invalid, isDigit)
    else if (code === 0x5f) this.#takeSuffix()
    else if (code === 0x7e) this.#takeHash()
    else if (code === 0x2d && this.#text.charCodeAt(this.#at + 1) === 0x72) {
      this.#at++
      this.#takeAfter(revision, this.type < revision)
    } else this.type = invalid
  }

  isBeforeRelease(): boolean {
    return this.type === suffix && suffixes.indexOf(this.value) < none
  }

  /** A run of characters becomes the token's value; an empty one is no token. */
  #take(type: number, accepts: (code: number) => boolean): void {
    const start = this.#at
    while (accepts(this.#text.charCodeAt(this.#at))) this.#at++
    this.value = this.#text.slice(start, this.#at)
    this.type = this.value === '' ? invalid : type
  }

  /** Digits behind a mark of one character. */
  #takeAfter(type: number, isAllowed: boolean): void {
    this.#at++
    this.#take(isAllowed ? type : invalid, isDigit)
  }

  #takeLetter(): void {
    const isAllowed = this.type <= digits
    this.value = this.#text[this.#at++]!
    this.type = isAllowed ? letter : invalid
  }

  #takeSuffix(): void {
    const isAllowed = this.type <= suffixNumber
    this.#at++
    this.#take(isAllowed ? suffix : invalid, isLower)
    if (this.value === 'none' || !suffixes.includes(this.value)) this.type = invalid
  }

  #takeHash(): void {
    const isAllowed = this.type < commitHash
    this.#at++
    this.#take(isAllowed ? commitHash : invalid, isHexadecimal)
  }
}

function compareValues(left: Tokens, right: Tokens): number {
  const { type, value } = left
  if (type === suffix) return suffixes.indexOf(value) - suffixes.indexOf(right.value)
  const isText =
    type === letter || type === commitHash || (type === digits && (isZeroed(value) || isZeroed(right.value)))
  return isText ? compareTexts(value, right.value) : compareNumbers(value, right.value)
}

function isZeroed(value: string): boolean {
  return value.charCodeAt(0) === 0x30
}

function compareNumbers(a: string, b: string): number {
  const left = withoutZeros(a)
  const right = withoutZeros(b)
  return left.length === right.length ? compareTexts(left, right) : left.length - right.length
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function withoutZeros(text: string): string {
  let start = 0
  while (text.charCodeAt(start) === 0x30) start++
  return text.slice(start)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isLower(code: number): boolean {
  return code >= 0x61 && code <= 0x7a
}

function isHexadecimal(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x66)
}

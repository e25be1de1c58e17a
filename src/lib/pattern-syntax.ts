/** Code points from the first to the second, both included. */
export type Range = readonly [from: number, to: number]

/** What a pattern says, as a tree. */
export type PatternNode =
  | { readonly kind: 'set'; readonly ranges: readonly Range[]; readonly not: boolean }
  | { readonly kind: 'assert'; readonly what: 'start' | 'end' | 'edge' | 'inside' }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number }

/** Why a text is no pattern, in words that follow "the pattern". */
export class PatternError extends Error {}

/** What RE2 allows to repeat, and groups deeper than anybody writes. */
const maxRepeats = 1000
const maxDepth = 50

const digits: readonly Range[] = [[0x30, 0x39]]
const spaces: readonly Range[] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
]
const words: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
const classes: Readonly<Record<string, readonly Range[]>> = { d: digits, s: spaces, w: words }
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
const lineFeed: readonly Range[] = [[10, 10]]

/**
 * Reads the syntax of RE2 (https://github.com/google/re2/wiki/Syntax) but for Unicode and POSIX classes, the flags `m`
 * and `U`, and octal numbers, which are refused. Throws `PatternError`.
 */
export function readPattern(source: string): PatternNode {
  const reader = new Reader(source)
  const node = reader.choice({ ignoreCase: false, dotAll: false, depth: 0 })
  if (!reader.ends) throw new PatternError('closes a group that is not open')
  return node
}

/** Flags that hold in a group; a group may change its own. */
interface Scope {
  ignoreCase: boolean
  dotAll: boolean
  readonly depth: number
}

class Reader {
  readonly #characters: readonly string[]
  #at = 0

  constructor(source: string) {
    this.#characters = [...source]
  }

  get ends(): boolean {
    return this.#at >= this.#characters.length
  }

  choice(outer: Scope): PatternNode {
    if (outer.depth > maxDepth) throw new PatternError('nests its groups too deeply')
    const scope = { ...outer }
    const parts = [this.#sequence(scope)]
    while (this.#take('|')) parts.push(this.#sequence(scope))
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  #sequence(scope: Scope): PatternNode {
    const parts: PatternNode[] = []
    while (!this.ends && this.#peek() !== '|' && this.#peek() !== ')') {
      const atom = this.#atom(scope)
      if (atom !== undefined) parts.push(this.#repeated(atom))
    }
    return { kind: 'sequence', parts }
  }

  #repeated(part: PatternNode): PatternNode {
    const bounds = this.#bounds()
    if (bounds === undefined) return part
    const [least, most] = bounds
    // Lazy or greedy makes no difference to whether a text matches.
    this.#take('?')
    if (this.#bounds() !== undefined) throw new PatternError('repeats a repetition without a group')
    return { kind: 'repeat', part, least, most }
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity]
    if (this.#take('+')) return [1, Infinity]
    if (this.#take('?')) return [0, 1]
    const counted = /^\{(\d{1,9})(,?)(\d{0,9})\}/.exec(this.#characters.slice(this.#at, this.#at + 24).join(''))
    if (counted === null) return undefined
    const [text, from = '', comma, to = ''] = counted
    if (comma === '' && to !== '') return undefined
    this.#at += text.length
    const least = Number(from)
    const most = comma === '' ? least : to === '' ? Infinity : Number(to)
    if (least > most) throw new PatternError(`repeats ${text}, from more to fewer`)
    if (least > maxRepeats || (most > maxRepeats && most !== Infinity))
      throw new PatternError(`repeats more than ${maxRepeats} times`)
    return [least, most]
  }

  /** Undefined for what only sets a flag. */
  #atom(scope: Scope): PatternNode | undefined {
    const character = this.#next()
    if (character === '(') return this.#group(scope)
    if (character === '[') return cased(this.#brackets(scope), scope)
    if (character === '.') return { kind: 'set', ranges: scope.dotAll ? [] : lineFeed, not: true }
    if (character === '^') return { kind: 'assert', what: 'start' }
    if (character === '$') return { kind: 'assert', what: 'end' }
    if ('*+?'.includes(character)) throw new PatternError(`has nothing to repeat before ${character}`)
    if (character !== '\\') return cased({ ranges: [only(character)], not: false }, scope)
    const letter = this.#peek() ?? ''
    const assertion = { b: 'edge', B: 'inside', A: 'start', z: 'end' }[letter] as 'edge' | 'inside' | 'start' | 'end'
    if (letter !== '' && 'bBAz'.includes(letter)) {
      this.#at++
      return { kind: 'assert', what: assertion }
    }
    const escaped = this.#escape()
    return cased(typeof escaped === 'number' ? { ranges: [[escaped, escaped]], not: false } : escaped, scope)
  }

  #group(outer: Scope): PatternNode | undefined {
    const scope = { ...outer, depth: outer.depth + 1 }
    if (this.#take('?')) {
      const rest = this.#characters.slice(this.#at, this.#at + 100).join('')
      const name = /^(?:P?<\w{1,90}>|:)/.exec(rest)
      const flags = /^[is]{0,2}(?:-[is]{1,2})?[:)]/.exec(rest)
      const opening = name ?? flags
      if (opening === null) throw new PatternError(`has a group (?${rest.slice(0, 2)} that CEL does not know`)
      this.#at += opening[0].length
      const target = opening[0].endsWith(')') ? outer : scope
      if (name === null) setFlags(target, opening[0])
      if (target === outer) return undefined
    }
    const node = this.choice(scope)
    if (!this.#take(')')) throw new PatternError('opens a group that nothing closes')
    return node
  }

  #brackets(scope: Scope): { readonly ranges: readonly Range[]; readonly not: boolean } {
    const not = this.#take('^')
    const ranges: Range[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#peek() === '[' && this.#characters[this.#at + 1] === ':')
        throw new PatternError('has a POSIX class; write out its characters')
      const from = this.#member()
      if (typeof from !== 'number') {
        ranges.push(...(from.not ? others(from.ranges) : from.ranges))
        continue
      }
      const closes = this.#characters[this.#at + 1] === ']'
      const to = this.#peek() === '-' && !closes && this.#take('-') ? this.#member() : from
      if (typeof to !== 'number' || to < from) throw new PatternError('has a range of characters that is none')
      ranges.push([from, to])
    }
    this.#at++
    return { ranges: scope.ignoreCase ? bothCases(ranges) : ranges, not }
  }

  #member() {
    const character = this.#next()
    return character === '\\' ? this.#escape() : character.codePointAt(0)!
  }

  #escape(): number | { readonly ranges: readonly Range[]; readonly not: boolean } {
    const letter = this.#next()
    const known = classes[letter.toLowerCase()]
    if (known !== undefined) return { ranges: known, not: letter !== letter.toLowerCase() }
    if (Object.hasOwn(controls, letter)) return controls[letter]!
    if (letter === 'x') {
      const code = /^(?:([\da-fA-F]{2})|\{([\da-fA-F]{1,6})\})/.exec(
        this.#characters.slice(this.#at, this.#at + 8).join(''),
      )
      const value = Number.parseInt(code?.[1] ?? code?.[2] ?? '', 16)
      if (code === null || value > 0x10ffff) throw new PatternError('has a code after \\x that is none')
      this.#at += code[0].length
      return value
    }
    if (/^[A-Za-z0-9]$/.test(letter)) throw new PatternError(`has \\${letter}, which CEL does not know`)
    return letter.codePointAt(0)!
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #take(character: string): boolean {
    if (this.#characters[this.#at] !== character) return false
    this.#at++
    return true
  }

  #next(): string {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw new PatternError('ends too early')
    return character
  }
}

function only(character: string): Range {
  const code = character.codePointAt(0)!
  return [code, code]
}

/** `i-s:` and the like: what comes before the minus is set, what comes after it unset. */
function setFlags(scope: Scope, text: string): void {
  const [on = '', off = ''] = text.split('-')
  if (on.includes('i')) scope.ignoreCase = true
  if (on.includes('s')) scope.dotAll = true
  if (off.includes('i')) scope.ignoreCase = false
  if (off.includes('s')) scope.dotAll = false
}

function cased(set: { readonly ranges: readonly Range[]; readonly not: boolean }, scope: Scope): PatternNode {
  return { kind: 'set', ranges: scope.ignoreCase ? bothCases(set.ranges) : set.ranges, not: set.not }
}

/** The letters of ASCII in both cases; no other alphabet is folded. */
function bothCases(ranges: readonly Range[]): readonly Range[] {
  const shifted = (from: number, to: number, by: number) =>
    ranges
      .map(([first, last]): Range => [Math.max(first, from) + by, Math.min(last, to) + by])
      .filter(([first, last]) => first <= last)
  return [...ranges, ...shifted(0x41, 0x5a, 0x20), ...shifted(0x61, 0x7a, -0x20)]
}

function others(ranges: readonly Range[]): readonly Range[] {
  let next = 0
  const between: Range[] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (from > next) between.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  return [...between, [next, 0x10ffff]]
}

import { LimitError } from './limit-error.ts'

/** A JSON object whose members nobody has checked yet. */
export type JsonObject = { readonly [key: string]: unknown }

/** JSON nested deeper than this is refused: real documents stay far below. */
const maxDepth = 256

/** Documents of more values than this are refused: they take many times the memory of their text. */
const maxValues = 1_000_000

/** Text in which nothing can be nested deeper than `maxDepth`, since no more is opened: a search that takes a moment. */
const opensLittle = /^[^[{]*(?:[[{][^[{]*){0,256}$/

/**
 * Parses JSON that may be hostile. Throws `LimitError` on deep nesting and on more than `most` values, `SyntaxError` on
 * anything that is not JSON. A byte-order mark is skipped. `__proto__` becomes an own property, as `JSON.parse` does, and
 * never a prototype.
 */
export function parseJson(text: string, most = maxValues): unknown {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  if (source.length <= most && opensLittle.test(source)) return JSON.parse(source)
  let depth = 0
  let values = 0
  let inString = false
  for (let index = 0; index < source.length; index++) {
    const code = source.charCodeAt(index)
    if (inString) {
      if (code === 0x5c) index++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x2c) values++
    else if (code === 0x7b || code === 0x5b) {
      values++
      if (++depth > maxDepth) throw new LimitError(`JSON is nested deeper than ${maxDepth}`)
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  if (values > most) throw new LimitError(`JSON has more than ${most} values`)
  return JSON.parse(source)
}

/** What JSON may hold as it is and a terminal, an editor or a reviewer would not show as what it is. */
const invisible = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

/** Indented JSON with a line end, in which every character that cannot be seen is an escape: fit for a terminal. */
export function printableJson(value: unknown): string {
  return [...printableJsonPieces(value)].join('')
}

/**
 * The same in pieces, none of which holds much more than one item of a list: a report of a hundred thousand packages is
 * never one text. What is iterable is printed as a list, its items made as they are needed.
 */
export function* printableJsonPieces(value: unknown): Generator<string> {
  for (const piece of gathered(indented(value, 0))) yield escaped(piece)
  yield '\n'
}

/** JSON text of this length is passed on: longer than most reports, short beside the memory of a process. */
const pieceLength = 64 * 1024

/** Joins short pieces to longer ones. */
export function* gathered(pieces: Iterable<string>): Generator<string> {
  let held = ''
  for (const piece of pieces) {
    held += piece
    if (held.length < pieceLength) continue
    yield held
    held = ''
  }
  if (held !== '') yield held
}

function escaped(json: string): string {
  return json.replace(invisible, character => character.split('').map(escapeUnit).join(''))
}

/** JSON in ASCII, of which the bytes are read several times as fast as of any other. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\x80-\uffff]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Lists of more items than this are printed in parts of so many. */
const longList = 200

/** Long lists are looked for this deep: the results of a SARIF run lie at three. */
const longDepth = 3

function isLong(value: unknown): value is Iterable<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) ? value.length > longList : Symbol.iterator in value
}

function holdsLong(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isLong(value) || (depth > 0 && Object.values(value).some(member => holdsLong(member, depth - 1)))
}

/** What `JSON.stringify(value, undefined, 2)` gives of a value so many levels deep in another. */
function* indented(value: unknown, level: number): Generator<string> {
  if (isLong(value)) yield* longListAt(value, level)
  else if (holdsLong(value, longDepth)) yield* membersAt(value as object, level)
  else yield wholeAt(value, level)
}

function* membersAt(value: object, level: number): Generator<string> {
  const isList = Array.isArray(value)
  const margin = '  '.repeat(level)
  let before = isList ? '[' : '{'
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined && !isList) continue
    yield `${before}\n${margin}  ${isList ? '' : `${JSON.stringify(key)}: `}`
    yield* indented(member ?? null, level + 1)
    before = ','
  }
  yield `\n${margin}${isList ? ']' : '}'}`
}

function* longListAt(items: Iterable<unknown>, level: number): Generator<string> {
  const ending = `\n${'  '.repeat(level)}]`
  let before = '['
  for (const part of parts(items)) {
    yield before + wholeAt(part, level).slice(1, -ending.length)
    before = ','
  }
  yield before === '[' ? '[]' : ending
}

function* parts(items: Iterable<unknown>): Generator<readonly unknown[]> {
  let part: unknown[] = []
  for (const item of items) {
    part.push(item)
    if (part.length < longList) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

/** Printed inside of as many lists, which are cut off again: faster than to indent what was printed without them. */
function wholeAt(value: unknown, level: number): string {
  let wrapped = value
  for (let around = 0; around < level; around++) wrapped = [wrapped]
  // Each list is `[`, a line end and, but for the outermost, its margin; the innermost margin is the value's own.
  const ends = level * (level + 1)
  return JSON.stringify(wrapped, undefined, 2).slice(ends + 2 * level, ends === 0 ? undefined : -ends)
}

/** The value as an object, or undefined where it is anything else (arrays included). */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

/** The own member `key` of an object; undefined where there is none, whatever its prototype says. */
export function member(value: unknown, key: string): unknown {
  const object = asObject(value)
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined
}

/** The value as an array, or an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value as a string, or undefined. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The strings in an array; anything else in it is left out. */
export function asStrings(value: unknown): readonly string[] {
  return asArray(value).filter(item => typeof item === 'string')
}

import { LimitError } from './limit-error.ts'

/** A JSON object whose members nobody has checked yet. */
export type JsonObject = { readonly [key: string]: unknown }

/** JSON nested deeper than this is refused: real documents stay far below. */
const maxDepth = 256

/**
 * Parses JSON that may be hostile. Throws `LimitError` on deep nesting and `SyntaxError` on anything that is not JSON.
 * A byte-order mark is skipped. `__proto__` becomes an own property, as `JSON.parse` does, and never a prototype.
 */
export function parseJson(text: string): unknown {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  let depth = 0
  let inString = false
  for (let index = 0; index < source.length; index++) {
    const code = source.charCodeAt(index)
    if (inString) {
      if (code === 0x5c) index++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) throw new LimitError(`JSON is nested deeper than ${maxDepth}`)
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return JSON.parse(source)
}

/** What JSON may hold as it is and a terminal, an editor or a reviewer would not show as what it is. */
const invisible = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu

/** Indented JSON with a line end, in which every character that cannot be seen is an escape: fit for a terminal. */
export function printableJson(value: unknown): string {
  const escaped = JSON.stringify(value, undefined, 2).replace(invisible, character =>
    character
      .split('')
      .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
  return `${escaped}\n`
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

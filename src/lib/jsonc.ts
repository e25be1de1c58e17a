import { parseJson } from './json.ts'
import { LimitError } from './limit-error.ts'

/** More comments than this are refused. */
const maxComments = 100_000

/**
 * Parses JSON with comments and trailing commas (https://jsonc.org/) that may be hostile. Throws what `parseJson`
 * throws. Comments and commas become blanks, so positions in messages stay right.
 */
export function parseJsonc(text: string): unknown {
  const parts: string[] = []
  let copied = 0
  let comma = -1
  const blank = (from: number, to: number): void => {
    parts.push(text.slice(copied, from), text.slice(from, to).replace(/[^\n\r]/g, ' '))
    copied = to
    if (parts.length > 2 * maxComments) throw new LimitError(`JSON has more than ${maxComments} comments`)
  }
  const commas: number[] = []
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) {
      index = endOfString(text, index)
      comma = -1
    } else if (code === 0x2f) {
      const end = endOfComment(text, index)
      if (end < 0) break
      blank(index, end)
      index = end - 1
    } else if (code === 0x2c) comma = index
    else if (code === 0x5d || code === 0x7d) {
      if (comma >= 0) commas.push(comma)
      comma = -1
    } else if (!isBlank(code)) comma = -1
  }
  parts.push(text.slice(copied))
  return parseJson(withoutCommas(parts.join(''), commas))
}

/** Index of the closing quote, or of the end. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x5c) index++
    else if (code === 0x22) return index
  }
  return text.length
}

/** Index after the comment that starts here; negative where none does or it never ends. */
function endOfComment(text: string, start: number): number {
  const next = text.charCodeAt(start + 1)
  if (next === 0x2f) {
    const end = text.indexOf('\n', start)
    return end < 0 ? text.length : end
  }
  const end = next === 0x2a ? text.indexOf('*/', start + 2) : -1
  return end < 0 ? -1 : end + 2
}

function withoutCommas(text: string, commas: readonly number[]): string {
  const parts: string[] = []
  let copied = 0
  for (const comma of commas) {
    parts.push(text.slice(copied, comma), ' ')
    copied = comma + 1
  }
  parts.push(text.slice(copied))
  return parts.join('')
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

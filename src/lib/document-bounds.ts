import { LimitError } from './limit-error.ts'

/** Real files of lines that are read here have some hundred thousand at most. */
const maxLines = 1_000_000

/**
 * Tells where each line of a text starts and ends, without its line feed: for files of so many lines that making each,
 * to look at it, is most of the work. Throws `LimitError` above a million.
 */
export function eachLine(text: string, visit: (start: number, end: number) => void): void {
  let count = 0
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    if (++count > maxLines) throw new LimitError(`The file has more than ${maxLines} lines`)
    visit(start, end)
    start = end + 1
  }
}

/**
 * The lines of a text with their numbers from 1 on, without their line feeds, one by one: a list of all would take many
 * times the memory of the text. Throws `LimitError` above a million.
 */
export function* numberedLines(text: string): Generator<readonly [number: number, line: string]> {
  let number = 0
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    if (++number > maxLines) throw new LimitError(`The file has more than ${maxLines} lines`)
    yield [number, text.slice(start, end)]
    start = end + 1
  }
}

/**
 * Throws `LimitError` where any of the characters of `marks` (ASCII) stand in the text more often than `most` times in
 * all: they bound how many values a document can hold before a parser has made them.
 */
export function boundMarks(text: string, marks: string, most: number): void {
  const isMark = new Uint8Array(128)
  for (let index = 0; index < marks.length; index++) isMark[marks.charCodeAt(index)] = 1
  let count = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 128) count += isMark[code]!
  }
  if (count > most) throw new LimitError(`The document has more than ${most} values`)
}

/**
 * Everything that is not a letter, mark, number, sign or space to look at: controls, escapes, bidirectional and
 * zero-width formatting, tags, line and paragraph separators, lone surrogates.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' }

/**
 * Text from outside as one line that a terminal or build log may show. What cannot be seen becomes an escape that can
 * (`\x1b`, `\u{202e}`), and the openings of build-service commands (GitHub `::error`, Azure `##vso[`, TeamCity
 * `##teamcity[`) are broken up.
 */
export function printable(text: string): string {
  return defuse(/^[\x20-\x7e]*$/.test(text) ? text : text.replace(invisible, reveal))
}

/** The same for text of several lines: line feeds stay, and no line opens a build-service command. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function reveal(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16).padStart(2, '0')
  return short[character] ?? (code < 0x100 ? `\\x${hex}` : `\\u{${hex}}`)
}

/**
 * Breaks up what a build service would read as a command. Azure Pipelines and old GitHub runners look anywhere in a
 * line (https://github.com/actions/runner), TeamCity and today's GitHub at its beginning, after spaces.
 */
function defuse(line: string): string {
  return line.replace(/##(?=\[|vso\[|teamcity\[)/gi, '# #').replace(/^(\s*):(?=:)/, '$1: ')
}

let shared: Intl.Segmenter | undefined

/** Made where it is needed: it costs more than a whole table of plain text. */
function segmentsOf(text: string): Intl.Segments {
  shared ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return shared.segment(text)
}

/** Latin letters, dashes, dots, quotes, arrows, ticks and crosses: each takes one column and is joined with none of the others. */
const narrow = /^[\x20-\x7e\xa0-\u02ff\u2010-\u2027\u2190-\u21ff\u2713-\u2718]*$/

/** Columns that the text takes on a terminal: combining marks take none, East Asian wide characters and emoji two. */
export function displayWidth(text: string): number {
  if (narrow.test(text)) return text.length
  let width = 0
  for (const { segment } of segmentsOf(text)) width += graphemeWidth(segment)
  return width
}

/** At most `width` columns of the text; what is cut ends in `…`. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  if (narrow.test(text)) return width < 1 ? '' : `${text.slice(0, width - 1)}…`
  let kept = ''
  let used = 0
  for (const { segment } of segmentsOf(text)) {
    const columns = graphemeWidth(segment)
    if (used + columns > width - 1) break
    kept += segment
    used += columns
  }
  return width < 1 ? '' : `${kept}…`
}

/** The text in exactly `width` columns: cut or filled up with spaces. */
export function fill(text: string, width: number): string {
  const cut = truncate(text, width)
  return cut + ' '.repeat(Math.max(0, width - displayWidth(cut)))
}

/** The words of the text on lines of at most `width` columns; a longer word is cut into pieces. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap(item => pieces(item, Math.max(8, width)))) {
    const joined = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(joined) > width) {
      lines.push(line)
      line = word
    } else line = joined
  }
  // A line that begins in the middle of a text may begin with what the whole text did not begin with.
  return [...lines, line].map(defuse)
}

function pieces(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word]
  const parts: string[] = []
  let part = ''
  for (const { segment } of segmentsOf(word)) {
    if (displayWidth(part + segment) > width) {
      parts.push(part)
      part = ''
    }
    part += segment
  }
  return [...parts, part]
}

/** First and last code points of the wide blocks of https://www.unicode.org/Public/UCD/latest/ucd/EastAsianWidth.txt. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23f3],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26a1, 0x26a1],
  [0x2705, 0x2705],
  [0x274c, 0x274e],
  [0x2753, 0x2757],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x1f004, 0x1f004],
  [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f19a],
  [0x1f200, 0x1f265],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7eb],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
]

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0
  if (code < 0x300) return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : 1
  if (/^[\p{Mn}\p{Me}\p{Cf}]/u.test(grapheme)) return 0
  // U+FE0F asks for the emoji form, which is wide.
  if (grapheme.includes('\u{fe0f}')) return 2
  return wide.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

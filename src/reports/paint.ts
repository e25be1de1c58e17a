import { displayWidth, fill } from '#lib/terminal.ts'

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const

export type Style = keyof typeof codes

/** Puts styles on text that was made printable and cut before; gives it back as it is where there is no colour. */
export type Paint = (text: string, ...styles: readonly Style[]) => string

/** A painter for terminals (ECMA-48 SGR), or one that does nothing. */
export function painter(color: boolean): Paint {
  return (text, ...styles) => {
    if (!color || styles.length === 0 || text === '') return text
    return `\u001b[${styles.map(style => codes[style]).join(';')}m${text}\u001b[0m`
  }
}

/** One cell of a table: plain printable text, and how to paint it. */
export interface Cell {
  readonly text: string
  readonly styles?: readonly Style[]
}

/** What a table is laid out by. */
export interface Layout {
  readonly paint: Paint
  readonly width: number
  readonly indent: number
  /** The column that gives way first where the table is too wide. */
  readonly elastic: number
}

const gap = 2

/** Columns narrower than this say nothing. */
const minimum = 8

/** Rows with columns as wide as their widest cell, cut until every line fits. No trailing spaces. */
export function layOut(rows: readonly (readonly Cell[])[], layout: Layout): readonly string[] {
  const widths = columnWidths(rows)
  const shrink = (column: number, least: number): void => {
    const excess = Math.max(0, total(widths, layout.indent) - layout.width)
    widths[column] = Math.max(Math.min(least, widths[column] ?? 0), (widths[column] ?? 0) - excess)
  }
  shrink(layout.elastic, 2 * minimum)
  for (const column of widths.keys()) shrink(widths.length - 1 - column, minimum)
  return rows.map(row => {
    const last = row.findLastIndex(cell => cell.text !== '')
    const cells = row.slice(0, last + 1).map((cell, column) => paintCell(cell, widths[column] ?? 0, layout.paint))
    const line = cells.map(([text, padding], column) => (column === last ? text : text + ' '.repeat(padding + gap)))
    return ' '.repeat(layout.indent) + line.join('')
  })
}

/** The columns that the rows want, with nothing cut. */
export function tableWidth(rows: readonly (readonly Cell[])[], indent: number): number {
  return total(columnWidths(rows), indent)
}

function columnWidths(rows: readonly (readonly Cell[])[]): number[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell.text))
  return widths
}

function total(widths: readonly number[], indent: number): number {
  return indent + widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1)
}

/** Padding stays outside the paint, so that nothing but text is ever colored. */
function paintCell(cell: Cell, width: number, paint: Paint): readonly [string, number] {
  const filled = fill(cell.text, width)
  const text = filled.trimEnd()
  return [paint(text, ...(cell.styles ?? [])), displayWidth(filled) - displayWidth(text)]
}

import { displayWidth } from '#lib/terminal.ts'

/** A stretch of one line in one style. */
interface Run {
  readonly text: string
  /** Columns before it, and its own. */
  readonly column: number
  readonly width: number
  readonly bold: boolean
  readonly dim: boolean
  readonly color: string | undefined
}

const cell = 8.4
const lineHeight = 20
const margin = 20
const titleBar = 36

/** SGR colours on the dark ground of the picture. */
const colors: Readonly<Record<number, string>> = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#76e3ea',
}

/**
 * What a terminal shows as an SVG picture: text with SGR escape sequences (ECMA-48) of bold, dim and the eight colours.
 * The same text gives the same picture. Every run has its place and its width, so that columns stay columns in whatever
 * font the reader has.
 */
export function renderTerminal(text: string, title: string): string {
  const lines = text.replace(/\n+$/, '').split('\n').map(runsOf)
  const columns = Math.max(80, ...lines.map(runs => runs.reduce((sum, { width }) => sum + width, 0)))
  const width = Math.ceil(columns * cell + 2 * margin)
  const height = titleBar + lines.length * lineHeight + margin
  const rows = lines.flatMap((runs, index) => runs.map(run => textOf(run, titleBar + (index + 1) * lineHeight - 5)))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeXml(title)}</title>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<circle cx="22" cy="18" r="6" fill="#ff5f57"/><circle cx="42" cy="18" r="6" fill="#febc2e"/><circle cx="62" cy="18" r="6" fill="#28c840"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`
}

function runsOf(line: string): readonly Run[] {
  const runs: Run[] = []
  let style: { bold: boolean; dim: boolean; color: string | undefined } = { bold: false, dim: false, color: undefined }
  let column = 0
  for (const [index, part] of line.split(/\x1b\[([\d;]*)m/).entries()) {
    if (index % 2 === 1) {
      style = part.split(';').map(Number).reduce(applySgr, style)
      continue
    }
    const width = displayWidth(part)
    if (part.trim() !== '') runs.push({ ...style, text: part, column, width })
    column += width
  }
  return runs
}

function applySgr<T extends { bold: boolean; dim: boolean; color: string | undefined }>(style: T, code: number): T {
  if (code === 0) return { ...style, bold: false, dim: false, color: undefined }
  if (code === 1) return { ...style, bold: true }
  if (code === 2) return { ...style, dim: true }
  return { ...style, color: colors[code] ?? style.color }
}

function textOf({ text, column, width, bold, dim, color }: Run, y: number): string {
  const lead = text.length - text.trimStart().length
  const shown = text.trim()
  const x = (margin + (column + lead) * cell).toFixed(1)
  const length = ((width - lead - (text.length - text.trimEnd().length)) * cell).toFixed(1)
  const style = [
    ...(bold ? ['font-weight="bold"'] : []),
    ...(color === undefined ? [] : [`fill="${color}"`]),
    ...(dim ? ['opacity="0.65"'] : []),
  ]
  const attributes = [`x="${x}"`, `y="${y}"`, `textLength="${length}"`, 'lengthAdjust="spacingAndGlyphs"', ...style]
  return `<text ${attributes.join(' ')}>${escapeXml(shown)}</text>`
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`)
}

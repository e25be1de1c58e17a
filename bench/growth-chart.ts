import type { Cost } from './measure.ts'
import { median } from './table.ts'

/** What inputs of one size cost. */
export interface Point {
  /** In the unit of its series. */
  readonly size: number
  readonly runs: readonly Cost[]
}

/** Inputs that differ in one size only. */
export interface Growth {
  readonly title: string
  readonly unit: 'GB' | 'files'
  readonly points: readonly Point[]
}

const wallOf = ({ runs }: Point) => median(runs.map(({ wall }) => wall))
const cpuOf = ({ runs }: Point) => median(runs.map(({ user, system }) => user + system))
const memoryOf = ({ runs }: Point) => Math.max(...runs.map(({ memory }) => memory))

/** A Markdown table: medians of time, the highest of memory, and what one more of the unit costs. */
export function renderGrowthTable(series: readonly Growth[]): string {
  const lines = ['| input | size | wall s | CPU s | peak MB | CPU s for each more |', '|---|---|---|---|---|---|']
  for (const { title, unit, points } of series) {
    for (const [index, point] of points.entries()) {
      const former = points[index - 1]
      const by = unit === 'GB' ? 1 : 100_000
      const more = former && ((cpuOf(point) - cpuOf(former)) / (point.size - former.size)) * by
      const step = more === undefined ? '' : `${more.toFixed(2)} for ${unit === 'GB' ? '1 GB' : '100,000 files'}`
      const cells = [wallOf(point).toFixed(2), cpuOf(point).toFixed(2), memoryOf(point).toFixed(0), step]
      lines.push(`| ${[title, `${sizeText(point.size)} ${unit}`, ...cells].join(' | ')} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

function sizeText(size: number): string {
  return size.toLocaleString('en-US')
}

const width = 760
const panel = { width: 190, height: 110, left: 50, top: 64, across: 245, down: 176 }
const muted = '#57606a'
const font = 'font-family="ui-sans-serif, system-ui, sans-serif"'

/** A curve of one panel. */
interface Curve {
  readonly color: string
  readonly value: (point: Point) => number
}

const time: readonly Curve[] = [
  { color: '#9aa4b2', value: cpuOf },
  { color: '#1f9d6b', value: wallOf },
]
const memory: readonly Curve[] = [{ color: '#1f9d6b', value: memoryOf }]

/** Two rows of panels, time above memory, one column for each series; all axes begin at zero. SVG for light and dark. */
export function renderGrowth(series: readonly Growth[]): string {
  const drawn = series.flatMap((growth, column) => {
    const x = panel.left + column * panel.across
    return [
      words(x, 44, { text: growth.title, bold: true }),
      drawPanel(growth, time, { x, y: panel.top, unit: 's' }),
      drawPanel(growth, memory, { x, y: panel.top + panel.down, unit: 'MB' }),
    ]
  })
  const title = 'What a scan costs as its input grows, nothing cached'
  const height = panel.top + panel.down + panel.height + 26
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    words(panel.left, 18, { text: title, bold: true }),
    key(480, 18, { color: '#1f9d6b', text: 'wall time, peak memory' }),
    key(645, 18, { color: '#9aa4b2', text: 'CPU time' }),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

function drawPanel(
  { unit, points }: Growth,
  curves: readonly Curve[],
  at: { readonly x: number; readonly y: number; readonly unit: string },
): string {
  const widest = Math.max(...points.map(({ size }) => size))
  const tallest = Math.max(...curves.flatMap(({ value }) => points.map(value)))
  const top = roundUp(tallest)
  const bottom = at.y + panel.height
  const place = (point: Point, value: number) =>
    [at.x + (point.size / widest) * panel.width, bottom - (value / top) * panel.height].map(part => part.toFixed(1))
  const lines = curves.map(({ color, value }) => {
    const places = points.map(point => place(point, value(point)))
    const path = places.map(pair => pair.join(',')).join(' ')
    const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${color}"/>`)
    return [`<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`, ...dots].join('\n')
  })
  return [
    `<path d="M${at.x} ${at.y}V${bottom}H${at.x + panel.width}" fill="none" stroke="${muted}" stroke-width="1"/>`,
    words(at.x - 6, at.y + 5, { text: `${sizeText(top)} ${at.unit}`, end: true }),
    words(at.x - 6, bottom, { text: '0', end: true }),
    words(at.x + panel.width, bottom + 16, { text: `${sizeText(widest)} ${unit}`, end: true }),
    ...lines,
  ].join('\n')
}

/** The next of 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 3, 4, 5, 6, 8, 10].find(factor => factor * power >= value) ?? 10
  return Number((step * power).toPrecision(2))
}

function words(
  x: number,
  y: number,
  { text, bold, end }: { readonly text: string; readonly bold?: boolean; readonly end?: boolean },
): string {
  const weight = bold === true ? ' font-weight="600"' : ''
  const anchor = end === true ? ' text-anchor="end"' : ''
  return `<text x="${x}" y="${y}"${weight}${anchor} fill="${muted}" ${font} font-size="${bold === true ? 13 : 11}">${text}</text>`
}

function key(x: number, y: number, { color, text }: { readonly color: string; readonly text: string }): string {
  return `<rect x="${x}" y="${y - 9}" width="10" height="10" rx="2" fill="${color}"/>\n${words(x + 16, y, { text })}`
}

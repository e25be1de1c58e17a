import type { Cost } from './measure.ts'

/** Several runs of one program over one input in one state of its caches. */
export interface Series {
  readonly input: string
  readonly state: State
  readonly program: string
  readonly runs: readonly Cost[]
}

/** `cold`: tool caches empty; `warm`: the same again; `changed`: one new layer on top of a known image. */
export type State = 'cold' | 'warm' | 'changed'

/** The middle value; of an even number the lower of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
}

/** CPU seconds of a run. */
function cpu({ user, system }: Cost): number {
  return user + system
}

/** A Markdown table of the series: medians, minima, and ratios of medians to the first program of the same work. */
export function renderTable(series: readonly Series[]): string {
  const lines = [
    '| input | caches | program | wall s, median (min) | CPU s | peak MB | read MB | our wall, by it | our CPU, by it |',
    '|---|---|---|---|---|---|---|---|---|',
  ]
  for (const { input, state, program, runs } of series) {
    const wall = runs.map(run => run.wall)
    const ours = rivalOf(series, { input, state, program, runs })
    const ratio = (pick: (cost: Cost) => number) =>
      ours === undefined ? '' : (median(ours.runs.map(pick)) / median(runs.map(pick))).toFixed(2)
    const cells = [
      `${median(wall).toFixed(2)} (${Math.min(...wall).toFixed(2)})`,
      median(runs.map(cpu)).toFixed(2),
      Math.max(...runs.map(run => run.memory)).toFixed(0),
      median(runs.map(run => run.read)).toFixed(0),
      ratio(run => run.wall),
      ratio(cpu),
    ]
    lines.push(`| ${[input, state, program, ...cells].join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}

/** What of ours a peer is compared with: the same work at least; all our work, where a peer does less. */
function rivalOf(series: readonly Series[], peer: Series): Series | undefined {
  if (peer.program.startsWith('Sluice')) return undefined
  return series.findLast(
    ({ input, state, program }) => input === peer.input && state === peer.state && program.startsWith('Sluice'),
  )
}

const width = 760
const row = 26
const left = 300

/** A bar chart of the cold runs over one input, as SVG: median wall seconds. */
export function renderChart(series: readonly Series[], input: string): string {
  const bars = series
    .filter(one => one.input === input && one.state === 'cold')
    .map(({ program, runs }) => ({ program, seconds: median(runs.map(run => run.wall)) }))
    .toSorted((a, b) => a.seconds - b.seconds)
  const longest = Math.max(...bars.map(({ seconds }) => seconds))
  const height = 44 + bars.length * row
  const text = 'font-family="ui-sans-serif, system-ui, sans-serif" font-size="13"'
  const drawn = bars.map(({ program, seconds }, index) => {
    const y = 38 + index * row
    const length = Math.max(2, Math.round((seconds / longest) * (width - left - 70)))
    const fill = program.startsWith('Sluice') ? '#1f9d6b' : '#9aa4b2'
    return [
      `<text x="${left - 10}" y="${y + 14}" text-anchor="end" fill="#57606a" ${text}>${program}</text>`,
      `<rect x="${left}" y="${y}" width="${length}" height="18" rx="3" fill="${fill}"/>`,
      `<text x="${left + length + 8}" y="${y + 14}" fill="#57606a" ${text}>${seconds.toFixed(2)} s</text>`,
    ].join('\n')
  })
  const title = `Seconds to scan ${input}, nothing cached`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    `<text x="${left}" y="20" font-weight="600" fill="#57606a" ${text}>${title}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '#test/architecture/sources.ts'
import { sharedPath } from '#test/support/shared.ts'
import { type Growth, type Point, renderGrowth, renderGrowthTable } from './growth-chart.ts'
import { growTree, writeFilesArchive, writeLargeArchive } from './growth-inputs.ts'
import { installPackage } from './installed.ts'
import { canMeasure, load, machine, measure } from './measure.ts'
import { type InputKind, type Program, programsIn } from './programs.ts'

const usage = `npm run bench:growth -- [--rounds N] [--most SHARE] [--chart FILE] [--as-is]

Measures scans with nothing cached of inputs that grow: archives of 0.1 to 4 GB, directories of 1,000 to 500,000 files,
and images of as many files in one layer. Each input is made, measured and removed; the largest takes 4 GB.
  --rounds N     runs of each input (default 5)
  --most SHARE   no input larger than this share of the largest, such as 0.25 (default 1)
  --chart FILE   draws the medians, such as docs/images/growth.svg
  --as-is        measures the program as it is, without building it
  SLUICE_BENCH   where inputs and the advisory store go (default ~/.cache/sluice-bench)
`

const gigabytes = [0.1, 0.25, 0.5, 1, 2, 4]
const fileCounts = [1_000, 10_000, 50_000, 100_000, 200_000, 500_000]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    most: { type: 'string', default: '1' },
    chart: { type: 'string' },
    'as-is': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(usage)
else await main()

async function main(): Promise<void> {
  const feeds = sharedPath('feeds')
  if (!canMeasure() || feeds === undefined) throw new Error('The bench needs Linux, GNU time and ../shared/feeds')
  const scratch = process.env.SLUICE_BENCH ?? join(homedir(), '.cache', 'sluice-bench')
  const folder = join(scratch, 'growth')
  mkdirSync(folder, { recursive: true })
  const most = Number(values.most)
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize < 6e9 * most) throw new Error(`${folder} has less than ${6 * most} GB of space`)
  const program = values['as-is'] ? join(root, 'sluice') : await installPackage(scratch)
  execFileSync(program, ['feeds', 'update', '--quiet', '--from', feeds], {
    env: { ...process.env, SLUICE_HOME: join(scratch, 'sluice') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const measured = programsIn({ program, peers: '', feeds, scratch }).find(
    ({ name, work }) => /^Sluice/.test(name) && work === 'match',
  )!
  const before = load()
  try {
    const series = grow(measured, folder, most)
    report(measured, series, { before, after: load() })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function grow(program: Program, folder: string, most: number): readonly Growth[] {
  const sizes = gigabytes.filter(size => size <= 4 * most)
  const counts = fileCounts.filter(count => count <= 500_000 * most)
  const archive = join(folder, 'image.tar')
  const tree = join(folder, 'tree')
  let grown = 0
  return [
    {
      title: 'Image, eight layers',
      unit: 'GB',
      points: sizes.map(size => {
        writeLargeArchive(archive, size * 1e9)
        return pointOf(program, 'archive', archive, size)
      }),
    },
    {
      title: 'Directory',
      unit: 'files',
      points: counts.map(count => {
        growTree(tree, grown, count)
        grown = count
        return pointOf(program, 'directory', tree, count)
      }),
    },
    {
      title: 'Image, one layer',
      unit: 'files',
      points: counts.map(count => {
        writeFilesArchive(archive, count)
        return pointOf(program, 'archive', archive, count)
      }),
    },
  ]
}

/** All runs of one input; the first, not counted, brings it into the page cache. */
function pointOf(program: Program, kind: InputKind, path: string, size: number): Point {
  const once = () => {
    program.forget()
    return measure(program.run(kind, path)!)
  }
  once()
  const runs = Array.from({ length: Number(values.rounds) }, once)
  process.stderr.write(`${kind} of ${size}: ${runs.length} runs\n`)
  return { size, runs }
}

function report(
  program: Program,
  series: readonly Growth[],
  busy: { readonly before: number; readonly after: number },
): void {
  const when = new Date().toISOString()
  const versions = { [program.name]: program.version() }
  const rounds = Number(values.rounds)
  const result = { when, machine: machine(), 'others running': busy, rounds, versions, growth: series }
  const results = join(root, 'bench', 'results')
  mkdirSync(results, { recursive: true })
  const file = join(results, `growth-${when.replaceAll(':', '-')}.json`)
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`)
  process.stdout.write(renderGrowthTable(series))
  process.stdout.write(`\n${JSON.stringify({ ...result.machine, ...busy, rounds, ...versions })}\n${file}\n`)
  if (values.chart !== undefined) writeFileSync(values.chart, renderGrowth(series))
}

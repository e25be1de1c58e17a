import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '#test/architecture/sources.ts'
import { sharedPath } from '#test/support/shared.ts'
import { benchFolders } from './folders.ts'
import { prepareGrypeDatabase } from './grype-database.ts'
import { type Input, prepareInputs, withChangedTop } from './inputs.ts'
import { installPackage } from './installed.ts'
import { type Cost, canMeasure, load, machine, measure } from './measure.ts'
import { type Program, programsIn } from './programs.ts'
import { renderChart, renderTable, type Series, type State } from './table.ts'

const usage = `npm run bench -- [--rounds N] [--only PATTERN] [--programs PATTERN] [--chart FILE]

Measures Sluice, installed as a package, beside its peers, interleaved, on the same inputs. Kept between runs, and made where missing:
  SLUICE_PEERS    built peers      (default ~/.cache/sluice-bench/peers, built by ../shared/peers/build.sh)
  SLUICE_CORPUS   corpus archives  (default ~/.cache/sluice-tests/corpus, built by ../shared/corpus/build.sh)
  SLUICE_BENCH    everything else  (default ~/.cache/sluice-bench)
`

interface Settings {
  readonly rounds: number
  readonly scratch: string
  readonly programs: readonly Program[]
  readonly inputs: readonly Input[]
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '.' },
    programs: { type: 'string', default: '.' },
    chart: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(usage)
else await main()

async function main(): Promise<void> {
  const feeds = sharedPath('feeds')
  if (!canMeasure() || feeds === undefined) throw new Error('The bench needs Linux, GNU time and ../shared/feeds')
  const { peers, corpus, scratch } = benchFolders()
  mkdirSync(scratch, { recursive: true })
  buildOnce(peers, 'trivy', sharedPath('peers', 'build.sh'), ['syft', 'trivy', 'osv-scanner', 'grype'])
  buildOnce(corpus, 'node-shop.tar', sharedPath('corpus', 'build.sh'), [])
  const program = await installPackage(scratch)
  execFileSync(program, ['feeds', 'update', '--quiet', '--from', feeds], {
    env: { ...process.env, SLUICE_HOME: join(scratch, 'sluice') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await prepareGrypeDatabase({ grype: join(peers, 'grype'), feeds, scratch })
  const settings: Settings = {
    rounds: Number(values.rounds),
    scratch,
    programs: programsIn({ program, peers, feeds, scratch }).filter(({ name }) =>
      new RegExp(values.programs).test(name),
    ),
    inputs: await prepareInputs(corpus, scratch, new RegExp(values.only)),
  }
  const before = load()
  const series = settings.inputs.flatMap(input => measureInput(input, settings))
  report(settings, series, { before, after: load() })
}

function buildOnce(folder: string, proof: string, script: string | undefined, words: readonly string[]): void {
  if (existsSync(join(folder, proof))) return
  if (script === undefined) throw new Error(`${folder} has no ${proof}, and ../shared has no recipe for it`)
  mkdirSync(folder, { recursive: true })
  execFileSync('bash', [script, folder, ...words], { stdio: 'inherit' })
}

/** All programs take turns, so that what else happens on the machine happens to all of them. */
function measureInput(input: Input, { rounds, scratch, programs }: Settings): readonly Series[] {
  const states: readonly State[] =
    input.kind === 'layout' && input.name.includes('gzip') ? ['cold', 'warm', 'changed'] : ['cold', 'warm']
  const found = new Map<string, { series: Omit<Series, 'runs'>; runs: Cost[] }>()
  const failed = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    for (const program of programs.filter(({ name }) => input.listedBy?.test(name) !== false)) {
      for (const state of states) {
        if (state !== 'cold' && !program.hasCache) continue
        const path = state === 'changed' ? withChangedTop(input.path, join(scratch, 'changed')) : input.path
        const run = program.run(input.kind, path)
        if (run === undefined || failed.has(program.name)) continue
        if (state === 'cold') program.forget()
        const key = `${program.name}\n${state}`
        const kept = found.get(key) ?? { series: { input: input.name, state, program: program.name }, runs: [] }
        try {
          // By then a tool has kept what it keeps of things that come again.
          if (state === 'warm') measure(run)
          kept.runs.push(measure(run))
          found.set(key, kept)
        } catch (error) {
          failed.add(program.name)
          console.warn(`${input.name}: ${(error as Error).message.trim().split('\n').at(-1)}`)
        }
      }
    }
    process.stderr.write(`${input.name}: round ${round + 1} of ${rounds}\n`)
  }
  const order = new Map(states.map((state, index) => [state, index]))
  return [...found.values()]
    .map(({ series, runs }) => ({ ...series, runs }))
    .sort((a, b) => order.get(a.state)! - order.get(b.state)!)
}

function report(
  { programs, inputs, rounds }: Settings,
  series: readonly Series[],
  busy: { readonly before: number; readonly after: number },
): void {
  const versions = Object.fromEntries(programs.map(program => [program.name, program.version()]))
  const when = new Date().toISOString()
  const result = { when, machine: machine(), 'others running': busy, rounds, versions, inputs, series }
  const folder = join(root, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${when.replaceAll(':', '-')}.json`)
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`)
  process.stdout.write(renderTable(series))
  process.stdout.write(`\n${JSON.stringify({ ...result.machine, ...busy, rounds, ...versions })}\n${file}\n`)
  if (values.chart !== undefined) writeFileSync(values.chart, renderChart(series, inputs[0]?.name ?? ''))
}

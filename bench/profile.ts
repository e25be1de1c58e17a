import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv, execPath } from 'node:process'
import { root } from '#test/architecture/sources.ts'

const usage = `npm run profile -- COMMAND [ARGUMENTS]

Runs Sluice from its sources under the profiler of V8, leaves bench/results/*.cpuprofile, one for each thread, and prints
where the time went. Speedscope and the developer tools of browsers show such a file as a flame graph.
`

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Milliseconds that each function was on top of the stack. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): ReadonlyMap<string, number> {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'}  ${url.replace(`file://${root}/`, '')}:${lineNumber + 1}`,
    ]),
  )
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)!
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index]! / 1000)
  }
  return times
}

const words = argv.slice(2)
if (words.length === 0) process.stdout.write(usage)
else {
  const folder = join(root, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const before = new Set(readdirSync(folder))
  const flags = [
    '--cpu-prof',
    '--cpu-prof-interval',
    '200',
    `--cpu-prof-dir=${folder}`,
    '--disable-warning=ExperimentalWarning',
  ]
  spawnSync(execPath, [...flags, join(root, 'src/cli/main.ts'), ...words], { stdio: ['inherit', 'ignore', 'inherit'] })
  for (const name of readdirSync(folder).filter(file => file.endsWith('.cpuprofile') && !before.has(file))) {
    const times = selfTimes(JSON.parse(readFileSync(join(folder, name), 'utf8')))
    console.log(`\n${join('bench/results', name)}`)
    for (const [what, milliseconds] of [...times].sort((a, b) => b[1] - a[1]).slice(0, 25))
      console.log(`${milliseconds.toFixed(1).padStart(9)} ms  ${what}`)
  }
}

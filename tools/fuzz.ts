import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv, exit, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { root } from '#test/architecture/sources.ts'
import { targets } from '#test/fuzz/index.ts'
import { type FuzzOutcome, fuzzTarget } from './fuzz/run-target.ts'
import { isBug } from './fuzz/target.ts'

const usage = `npm run fuzz -- [TARGET...] [--seconds N] [--seed N] [--folder DIR]
npm run fuzz -- TARGET --replay FILE
npm run fuzz -- --list

Feeds every target, or those named, for N seconds in all (default: 60). Inputs that reached new code are kept in
DIR/corpus and taken up by the next run; inputs that show a bug are kept in DIR/findings. DIR is .fuzz by default.
`

const { positionals, values } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    folder: { type: 'string', default: join(root, '.fuzz') },
    replay: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

/** Runs one kept input as the fuzzer does, with its whole stack where it shows a bug. */
async function replay(name: string, file: string): Promise<number> {
  const target = targets.find(known => known.name === name)
  if (target === undefined) throw new Error(`There is no target ${name}`)
  const start = performance.now()
  try {
    await target.run(new Uint8Array(readFileSync(file)))
  } catch (error) {
    if (isBug(error, target.throws)) {
      console.error(error)
      return 1
    }
    console.info(`ends with ${error}`)
  }
  console.info(`no bug, ${Math.round(performance.now() - start)} ms`)
  return 0
}

function keepFindings({ target, findings }: FuzzOutcome): void {
  const folder = join(values.folder, 'findings', target)
  for (const { kind, detail, input } of findings) {
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `${kind}-${createHash('sha256').update(input).digest('hex').slice(0, 16)}`)
    writeFileSync(file, input)
    console.error(`${target}: ${kind}: ${detail}\n  npm run fuzz -- ${target} --replay ${file}`)
  }
}

function line({ target, runs, seconds, corpus, coverage, findings }: FuzzOutcome): string {
  const share = coverage.total === 0 ? '' : `${((100 * coverage.run) / coverage.total).toFixed(1)} %`
  const speed = Math.round(runs / seconds)
  return `${target.padEnd(24)} ${String(runs).padStart(9)} runs ${String(speed).padStart(7)}/s ${String(corpus).padStart(6)} kept ${share.padStart(7)} run ${findings.length === 0 ? '' : `${findings.length} FOUND`}`
}

async function fuzz(): Promise<number> {
  const names = positionals.length > 0 ? positionals : targets.map(({ name }) => name)
  for (const name of names)
    if (!targets.some(known => known.name === name)) throw new Error(`There is no target ${name}`)
  mkdirSync(values.folder, { recursive: true })
  writeFileSync(join(values.folder, '.gitignore'), '*\n')
  let total = 0
  let found = 0
  for (const name of names) {
    const outcome = await fuzzTarget(name, {
      module: new URL('../test/fuzz/index.ts', import.meta.url).href,
      seed: Number(values.seed),
      seconds: Number(values.seconds) / names.length,
      corpus: join(values.folder, 'corpus', name),
      slow: 4_000,
      stuck: 20_000,
      memory: 512 * 2 ** 20,
    })
    keepFindings(outcome)
    console.info(line(outcome))
    total += outcome.runs
    found += outcome.findings.length
  }
  console.info(`${names.length} targets, ${total} runs, ${found} findings, seed ${values.seed}`)
  return found === 0 ? 0 : 1
}

if (values.help) stdout.write(usage)
else if (values.list) for (const { name } of targets) console.info(name)
else exit(await (values.replay === undefined ? fuzz() : replay(positionals[0] ?? '', values.replay)))

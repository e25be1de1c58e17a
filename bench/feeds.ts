import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { parseArgs } from 'node:util'
import { inflateRawSync } from 'node:zlib'
import { readZipDirectory, readZipMember } from '#lib/zip.ts'
import { root } from '#test/architecture/sources.ts'
import { sharedPath } from '#test/support/shared.ts'
import { type Cost, canMeasure, load, machine, measure } from './measure.ts'
import { median } from './table.ts'

const usage = `npm run bench:feeds -- [--rounds N] [--as-is]

Measures the advisory store: built from a folder and from a server on this machine, asked again with nothing new, and
brought up to date where 1,000 records of one ecosystem have changed.
  --rounds N     runs of each (default 3)
  --as-is        measures the program as it is, without building it
  SLUICE_BENCH   where stores and changed feeds go (default ~/.cache/sluice-bench)
`

const changedRecords = 1000
const ecosystem = 'npm'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    'as-is': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(usage)
else await main()

/** What is done to a store, and from which state of it. */
interface Task {
  readonly name: string
  /** The home that a run begins with; none: an empty one. */
  readonly from?: string
  readonly words: readonly string[]
}

async function main(): Promise<void> {
  const feeds = sharedPath('feeds')
  if (!canMeasure() || feeds === undefined) throw new Error('The bench needs Linux, GNU time and ../shared/feeds')
  if (!values['as-is']) execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
  const folder = join(process.env.SLUICE_BENCH ?? join(homedir(), '.cache', 'sluice-bench'), 'feeds')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const site = join(folder, 'site')
  symlinkSync(feeds, site)
  const server = spawn(execPath, [join(root, 'bench/feed-server.ts'), site], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    const mirror = ['--mirror', line.toString().trim()]
    const built = join(folder, 'built')
    const before = load()
    const results = measureTasks(folder, [
      { name: 'store built from a folder', words: ['--from', feeds] },
      { name: 'store built from a server', words: mirror },
    ])
    update(built, mirror)
    results.push(...measureTasks(folder, [{ name: 'nothing new on the server', from: built, words: mirror }]))
    rmSync(site)
    writeChanged(feeds, site)
    const name = `${changedRecords.toLocaleString('en-US')} records of ${ecosystem} changed`
    results.push(...measureTasks(folder, [{ name, from: built, words: mirror }]))
    report(results, { before, after: load() })
  } finally {
    server.stdin.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

function update(home: string, words: readonly string[]): Cost {
  const program = join(root, 'sluice')
  const environment = { SLUICE_HOME: home }
  return measure({ program, words: ['feeds', 'update', '--quiet', ...words], environment, accepts: [0] })
}

function measureTasks(folder: string, tasks: readonly Task[]): [string, readonly Cost[]][] {
  const home = join(folder, 'home')
  return tasks.map(({ name, from, words }) => {
    const runs = Array.from({ length: Number(values.rounds) }, () => {
      rmSync(home, { recursive: true, force: true })
      if (from !== undefined) cpSync(from, home, { recursive: true })
      return update(home, words)
    })
    process.stderr.write(`${name}: ${runs.length} runs\n`)
    return [name, runs]
  })
}

/** The feeds in a new folder, linked where they are as they were. Every so many-th record is of a minute ago. */
function writeChanged(feeds: string, target: string): void {
  const linkAll = (path: string, but: string) => {
    mkdirSync(join(target, path), { recursive: true })
    for (const name of readdirSync(join(feeds, path)))
      if (name !== but) symlinkSync(join(feeds, path, name), join(target, path, name))
  }
  linkAll('', 'osv')
  linkAll('osv', ecosystem)
  linkAll(join('osv', ecosystem), 'modified_id.csv')
  const modified = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`
  const archive = readFileSync(join(feeds, 'osv', ecosystem, 'all.zip'))
  const source = { size: archive.length, read: (at: number, length: number) => archive.subarray(at, at + length) }
  const directory = readZipDirectory(source)
  const inflate = (data: Uint8Array, maxOutputLength: number) => inflateRawSync(data, { maxOutputLength })
  const step = Math.floor(directory.entries.length / changedRecords)
  const changed = new Set<string>()
  for (let index = 0; changed.size < changedRecords; index += step) {
    const entry = directory.entries[index]!
    const record = JSON.parse(
      Buffer.from(readZipMember(source, directory, { entry, maxBytes: 2 ** 24, inflate })).toString(),
    )
    writeFileSync(
      join(target, 'osv', ecosystem, `${record.id}.json`),
      JSON.stringify({ ...record, modified, summary: `${record.summary ?? ''} (revised)` }),
    )
    changed.add(record.id)
  }
  const kept = readFileSync(join(feeds, 'osv', ecosystem, 'modified_id.csv'), 'utf8')
    .split('\n')
    .filter(line => !changed.has(line.slice(line.indexOf(',') + 1)))
  writeFileSync(
    join(target, 'osv', ecosystem, 'modified_id.csv'),
    [...[...changed].map(id => `${modified},${id}`), ...kept].join('\n'),
  )
}

function report(
  results: readonly [string, readonly Cost[]][],
  busy: { readonly before: number; readonly after: number },
) {
  const when = new Date().toISOString()
  const tasks = Object.fromEntries(results)
  const result = { when, machine: machine(), 'others running': busy, rounds: Number(values.rounds), feeds: tasks }
  const folder = join(root, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `feeds-${when.replaceAll(':', '-')}.json`)
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`)
  console.log('| the store | wall s | CPU s | peak MB | read MB |\n|---|---|---|---|---|')
  for (const [name, runs] of results) {
    const middle = (pick: (cost: Cost) => number) => median(runs.map(pick))
    const times = [middle(run => run.wall), middle(run => run.user + run.system)].map(time => time.toFixed(2))
    const sizes = [Math.max(...runs.map(run => run.memory)), middle(run => run.read)].map(size => size.toFixed(0))
    console.log(`| ${[name, ...times, ...sizes].join(' | ')} |`)
  }
  console.log(`\n${JSON.stringify({ ...result.machine, ...busy, rounds: result.rounds })}\n${file}`)
}

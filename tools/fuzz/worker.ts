import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { root } from '#test/architecture/sources.ts'
import { Coverage } from './coverage.ts'
import { Mutator } from './mutate.ts'
import { type Finding, maxInput, sharedHeader, type WorkerMessage, type WorkerTask } from './protocol.ts'
import { Random } from './random.ts'
import { type FuzzTarget, isBug } from './target.ts'

/** So many inputs run between two looks at the coverage; a batch that found something is run again one by one. */
const batchSize = 48

const sourceUrl = pathToFileURL(join(root, 'src/')).href

/** Our own modules, and the packages that parse for them. */
function matters(url: string): boolean {
  if (url.startsWith(sourceUrl) || url.includes('/test/fuzz/planted.ts')) return true
  return /node_modules\/(?:js-yaml|smol-toml|fast-xml-parser|@marcbachmann\/cel-js)\//.test(url)
}

/** One run of one target in its own thread. */
class FuzzRun {
  readonly #task: WorkerTask
  readonly #target: FuzzTarget
  readonly #random: Random
  readonly #mutator: Mutator
  readonly #header: Int32Array
  readonly #input: Uint8Array
  readonly #corpus: Uint8Array[] = []
  readonly #told = new Set<string>()
  #newest = 0

  constructor(task: WorkerTask, target: FuzzTarget) {
    this.#task = task
    this.#target = target
    this.#random = new Random(task.seed)
    this.#mutator = new Mutator(this.#random, target.words ?? [], Math.min(target.maxLength ?? 65_536, maxInput))
    this.#header = new Int32Array(task.shared, 0, 2)
    this.#input = new Uint8Array(task.shared, sharedHeader)
  }

  async run(coverage: Coverage): Promise<WorkerMessage> {
    const end = performance.now() + this.#task.seconds * 1000
    for (const seed of this.#seeds()) {
      await this.#execute(seed)
      coverage.take()
      this.#corpus.push(seed)
    }
    for (const kept of this.#kept()) {
      await this.#execute(kept)
      if (coverage.take()) this.#corpus.push(kept)
    }
    if (this.#corpus.length === 0) this.#corpus.push(new Uint8Array(0))
    const isDone = () => performance.now() > end || (this.#task.stopsAtFinding && this.#told.size > 0)
    while (!isDone()) await this.#batch(coverage, end)
    const share = coverage.shareOf(this.#target.covers.map(path => sourceUrl + path))
    coverage.close()
    return { kind: 'end', corpus: this.#corpus.length, coverage: share }
  }

  async #batch(coverage: Coverage, end: number): Promise<void> {
    const inputs: Uint8Array[] = []
    while (inputs.length < batchSize && performance.now() < end) {
      const input = this.#next()
      inputs.push(input)
      await this.#execute(input)
    }
    if (!coverage.peek()) return
    for (const input of inputs) {
      await this.#execute(input)
      if (coverage.take()) this.#keep(input)
    }
    coverage.settle()
  }

  #next(): Uint8Array {
    const { length } = this.#corpus
    const recent = this.#newest > 0 && this.#random.once(3) ? length - 1 - this.#random.below(this.#newest) : -1
    const base = this.#corpus[recent < 0 ? this.#random.below(length) : recent] ?? new Uint8Array(0)
    const other = this.#random.pick(this.#corpus) ?? base
    const input = this.#mutator.mutate(base, other)
    if (!this.#random.once(10)) this.#target.repair?.(input)
    return input
  }

  async #execute(input: Uint8Array): Promise<void> {
    this.#input.set(input)
    this.#header[1] = input.length
    Atomics.add(this.#header, 0, 1)
    const start = performance.now()
    try {
      await this.#target.run(input.slice())
    } catch (error) {
      if (isBug(error, this.#target.throws)) this.#tell('crash', describe(error), input)
    }
    const time = performance.now() - start
    if (time > this.#task.slow) this.#tell('slow', `${Math.round(time)} ms for ${input.length} bytes`, input)
    if (printed.length > 0) this.#tell('crash', `printed ${printed.splice(0)[0]}`, input)
    for (const name in {}) {
      Reflect.deleteProperty(Object.prototype, name)
      this.#tell('crash', `Object.prototype has become a member ${name}`, input)
    }
  }

  #tell(kind: Finding['kind'], detail: string, input: Uint8Array): void {
    const key = kind === 'slow' ? kind : `${kind} ${detail.replace(/\d+/g, '')}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    post({ kind: 'finding', finding: { kind, detail, input } })
  }

  #keep(input: Uint8Array): void {
    this.#corpus.push(input)
    this.#newest = Math.min(this.#newest + 1, 20)
    if (this.#task.corpus === undefined) return
    const name = createHash('sha256').update(input).digest('hex').slice(0, 32)
    writeFileSync(join(this.#task.corpus, name), input)
  }

  #seeds(): readonly Uint8Array[] {
    const encoder = new TextEncoder()
    return this.#target.seeds().map(seed => (typeof seed === 'string' ? encoder.encode(seed) : seed).slice(0, maxInput))
  }

  #kept(): readonly Uint8Array[] {
    const { corpus } = this.#task
    if (corpus === undefined) return []
    if (!existsSync(corpus)) mkdirSync(corpus, { recursive: true })
    return readdirSync(corpus).map(name => new Uint8Array(readFileSync(join(corpus, name))).slice(0, maxInput))
  }
}

/** The error and where in our code it came from. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`
  const frames = (error.stack ?? '')
    .split('\n')
    .filter(line => line.includes('/src/') && !line.includes('node_modules'))
  const places = frames.slice(0, 2).map(line => line.replace(/^.*\/src\//, 'src/').replace(/\)$/, ''))
  return `${error.name}: ${error.message.slice(0, 200)} [${places.join(' < ')}]`
}

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message)
}

/** What parsers print comes from their input: nothing may reach a terminal that way. */
const printed: string[] = []
for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
  console[method] = (...words: readonly unknown[]) => void printed.push(String(words[0]))
}

const task = workerData as WorkerTask
// From before the modules are loaded, so that their own statements count.
const coverage = new Coverage(matters)
const { targets } = (await import(task.module)) as { readonly targets: readonly FuzzTarget[] }
const target = targets.find(({ name }) => name === task.target)
if (target === undefined) throw new Error(`There is no target ${task.target}`)
post(await new FuzzRun(task, target).run(coverage))

import { memoryUsage } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { CoverageShare } from './coverage.ts'
import { type Finding, maxInput, sharedHeader, type WorkerMessage, type WorkerTask } from './protocol.ts'

/** Bounds of one run of a target. */
export interface FuzzOptions extends Pick<WorkerTask, 'module' | 'seed' | 'seconds' | 'corpus' | 'stopsAtFinding'> {
  /** Milliseconds after which one input counts as slow, and as stuck. */
  readonly slow: number
  readonly stuck: number
  /** Bytes that the process may grow by. */
  readonly memory: number
}

/** What came of it. */
export interface FuzzOutcome {
  readonly target: string
  readonly runs: number
  readonly seconds: number
  readonly findings: readonly Finding[]
  readonly corpus: number
  readonly coverage: CoverageShare
}

/** Feeds one target in a thread of its own, which is ended where an input takes all time or memory. */
export async function fuzzTarget(target: string, options: FuzzOptions): Promise<FuzzOutcome> {
  const shared = new SharedArrayBuffer(sharedHeader + maxInput)
  const header = new Int32Array(shared, 0, 2)
  const { stuck: _stuck, memory, ...given } = options
  const task: WorkerTask = { ...given, target, shared }
  // Only a backstop: a thread that meets it within one allocation takes the whole process with it, so the watch, which
  // sees the process grow, has to come first.
  const heap = Math.ceil((memory * 8) / 2 ** 20)
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: heap },
  })
  const findings: Finding[] = []
  const current = () => new Uint8Array(shared.slice(sharedHeader, sharedHeader + (header[1] ?? 0)))
  let end: { readonly corpus: number; readonly coverage: CoverageShare } | undefined
  const closed = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'finding') findings.push(message.finding)
    else end = message
  })
  worker.on('error', error => {
    const kind = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crash'
    findings.push({ kind, detail: error.stack ?? error.message, input: current() })
  })
  const start = performance.now()
  const trouble = await watch({ header, closed, options })
  if (trouble !== undefined) findings.push({ ...trouble, input: current() })
  await worker.terminate()
  return {
    target,
    runs: header[0] ?? 0,
    seconds: (performance.now() - start) / 1000,
    findings,
    corpus: end?.corpus ?? 0,
    coverage: end?.coverage ?? { run: 0, total: 0 },
  }
}

/** Waits for the worker's end; tells where it is stuck or takes too much memory. */
async function watch(watched: {
  readonly header: Int32Array
  readonly closed: Promise<void>
  readonly options: FuzzOptions
}): Promise<Pick<Finding, 'kind' | 'detail'> | undefined> {
  const { header, closed, options } = watched
  const before = memoryUsage.rss()
  let isClosed = false
  closed.then(() => {
    isClosed = true
  })
  let runs = -1
  let since = performance.now()
  while (!isClosed) {
    await Promise.race([closed, sleep(100)])
    const now = performance.now()
    const grown = memoryUsage.rss() - before
    if (grown > options.memory) return { kind: 'memory', detail: `${Math.round(grown / 2 ** 20)} MiB more than before` }
    if (Atomics.load(header, 0) !== runs) {
      runs = Atomics.load(header, 0)
      since = now
    } else if (runs > 0 && now - since > options.stuck) {
      return { kind: 'hang', detail: `no end after ${options.stuck} ms` }
    }
  }
  return undefined
}

import type { Worker } from 'node:worker_threads'

/**
 * What the threads of a pool do. A thread runs the text of this function, which may therefore use nothing from around
 * it but functions that the pool names. What it throws becomes the answer `{ failed: message }`. Every call gets the
 * same buffer, of 256 KiB, small enough to stay in a core's cache, and the same map, for what one call keeps for another.
 */
export type ThreadTask = (question: never, buffer: Buffer, kept: Map<number, never>) => unknown

/** Something to do for a thread. */
export interface ThreadJob {
  /** Given to the task as it is: structured-clone data. */
  readonly question: unknown
  /** How much there is to do, in any unit: the thread with the least left gets the next job. */
  readonly weight: number
  /** No thread is started for this job where there are so many. */
  readonly most: number
  /** Gets what the task returned. Must not throw. */
  readonly hear: (answer: unknown) => void
  /** The thread is gone, or there never was one: no answer will come. */
  readonly lost: () => void
}

/** A thread with what it has been given, which it does in that order. */
interface Thread {
  readonly worker: Worker
  readonly jobs: ThreadJob[]
}

/** A few threads of one kind, started when they are first needed. */
export class ThreadPool {
  readonly #name: string
  readonly #task: ThreadTask
  readonly #others: readonly string[]
  readonly #threads: Thread[] = []

  /** `others` are the texts of functions that the task calls. */
  constructor(name: string, task: ThreadTask, others: readonly string[] = []) {
    this.#name = name
    this.#task = task
    this.#others = others
  }

  /** Gives a job to the thread with the least to do: jobs wait there, where no busy caller holds them up. */
  give(job: ThreadJob): void {
    const { worker, jobs } = this.#next(job.most)
    jobs.push(job)
    // A thread that has nothing to do does not keep the process.
    worker.ref()
    worker.postMessage(job.question)
  }

  /**
   * Starts a thread for jobs to come, where there is none; it does not keep the process. Before the first of them it does
   * `first`, of which no answer comes.
   */
  warm(first?: unknown): void {
    if (!this.isWarm) this.#start(first).worker.unref()
  }

  /** True where a job needs no thread to be started. */
  get isWarm(): boolean {
    return this.#threads.length > 0
  }

  /** True where a job would begin at once, if there may be so many threads. */
  hasRoom(most: number): boolean {
    return this.#threads.length < most || this.#threads.some(({ jobs }) => jobs.length === 0)
  }

  #next(most: number): Thread {
    const left = ({ jobs }: Thread) => jobs.reduce((sum, { weight }) => sum + weight, 0)
    const least = this.#threads.toSorted((a, b) => left(a) - left(b))[0]
    if (least !== undefined && (least.jobs.length === 0 || this.#threads.length >= most)) return least
    return this.#start()
  }

  #start(first?: unknown): Thread {
    // Loaded where it is needed: a scan whose facts are cached starts no thread.
    const workers = process.getBuiltinModule('node:worker_threads')
    const options = {
      eval: true,
      name: this.#name,
      workerData: first,
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
    }
    const thread: Thread = { worker: new workers.Worker(programOf(this.#task, this.#others), options), jobs: [] }
    this.#threads.push(thread)
    thread.worker.on('message', (answer: unknown) => {
      thread.jobs.shift()?.hear(answer)
      if (thread.jobs.length === 0) thread.worker.unref()
    })
    thread.worker.on('error', () => {
      this.#threads.splice(this.#threads.indexOf(thread), 1)
      for (const job of thread.jobs.splice(0)) job.lost()
    })
    return thread
  }
}

function programOf(task: ThreadTask, others: readonly string[]): string {
  return `
${others.join('\n')}
const { parentPort, workerData: first } = process.getBuiltinModule('node:worker_threads')
const task = ${task}
const buffer = Buffer.allocUnsafeSlow(2 ** 18)
const kept = new Map()
if (first) {
  try {
    task(first, buffer, kept)
  } catch {
    // Whoever asks for the same is told.
  }
}
parentPort.on('message', question => {
  let answer
  try {
    answer = task(question, buffer, kept)
  } catch (error) {
    answer = { failed: error instanceof Error ? error.message : String(error) }
  }
  parentPort.postMessage(answer)
})`
}

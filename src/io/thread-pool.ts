import type { Worker } from 'node:worker_threads'

/** What a thread gives to its tasks. */
export interface ThreadTools {
  /** Gives an answer before the last one. */
  readonly post: (answer: unknown) => void
  /** Memory of 256 KiB that is used again by every task: small enough to stay in a core's cache. */
  readonly buffer: Buffer
}

/**
 * What threads can do, by name. A thread runs the text of these functions, which may therefore use nothing from around
 * them. The last answer is returned; what is thrown becomes `{ failed: message }`.
 */
export type ThreadTasks = Readonly<Record<string, (question: never, tools: ThreadTools) => unknown>>

/** Something to do for a thread. */
export interface ThreadJob {
  readonly task: string
  /** Given to the task as it is: structured-clone data. */
  readonly question: unknown
  /** How much there is to do, in any unit: the thread with the least left gets the next job. */
  readonly weight: number
  /** No thread is started for this job where there are so many. */
  readonly most: number
  /** Gets what the thread answers, in order; true where that was the last of it. Must not throw. */
  readonly hear: (answer: unknown) => boolean
  /** The thread is gone, or there never was one: its answers, if any came, are all there will be. */
  readonly lost: () => void
}

/** A thread with what it has been given, which it does in that order. */
interface Thread {
  readonly worker: Worker
  readonly jobs: ThreadJob[]
}

/** A few threads of one kind, started when they are first needed. */
export class ThreadPool {
  readonly #tasks: ThreadTasks
  readonly #name: string
  readonly #threads: Thread[] = []

  constructor(name: string, tasks: ThreadTasks) {
    this.#name = name
    this.#tasks = tasks
  }

  /** Gives a job to the thread with the least to do: jobs wait there, where no busy caller holds them up. */
  give(job: ThreadJob): void {
    const { worker, jobs } = this.#next(job.most)
    jobs.push(job)
    // A thread that has nothing to do does not keep the process.
    worker.ref()
    worker.postMessage({ task: job.task, question: job.question })
  }

  /** Starts a thread, unless there are so many or one has nothing to do: it is there when work comes. */
  warm(most: number): void {
    const isIdle = this.#threads.some(({ jobs }) => jobs.length === 0)
    if (!isIdle && this.#threads.length < most) this.#start().worker.unref()
  }

  #next(most: number): Thread {
    const left = ({ jobs }: Thread) => jobs.reduce((sum, { weight }) => sum + weight, 0)
    const least = this.#threads.toSorted((a, b) => left(a) - left(b))[0]
    if (least !== undefined && (least.jobs.length === 0 || this.#threads.length >= most)) return least
    return this.#start()
  }

  #start(): Thread {
    // Loaded where it is needed: a scan whose facts are cached starts no thread.
    const workers = process.getBuiltinModule('node:worker_threads')
    const options = { eval: true, name: this.#name, resourceLimits: { maxYoungGenerationSizeMb: 1 } }
    const thread: Thread = { worker: new workers.Worker(programOf(this.#tasks), options), jobs: [] }
    this.#threads.push(thread)
    thread.worker.on('message', (answer: unknown) => {
      if (!thread.jobs[0]?.hear(answer)) return
      thread.jobs.shift()
      if (thread.jobs.length === 0) thread.worker.unref()
    })
    thread.worker.on('error', () => {
      this.#threads.splice(this.#threads.indexOf(thread), 1)
      for (const job of thread.jobs.splice(0)) job.lost()
    })
    return thread
  }
}

function programOf(tasks: ThreadTasks): string {
  const named = Object.entries(tasks).map(([name, task]) => `${JSON.stringify(name)}: ${task}`)
  return `
const { parentPort } = process.getBuiltinModule('node:worker_threads')
const tasks = { ${named.join(',\n')} }
const tools = { buffer: Buffer.allocUnsafeSlow(2 ** 18), post: answer => parentPort.postMessage(answer) }
parentPort.on('message', ({ task, question }) => {
  try {
    parentPort.postMessage(tasks[task](question, tools))
  } catch (error) {
    parentPort.postMessage({ failed: error instanceof Error ? error.message : String(error) })
  }
})`
}

import type { Worker } from 'node:worker_threads'

/** Something to do for a thread. */
export interface ThreadJob {
  /** Given to the thread as it is: structured-clone data. */
  readonly question: unknown
  /** How much there is to do, in any unit: the thread with the least left gets the next job. */
  readonly weight: number
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

/**
 * A few threads of one kind, started when they are first needed. They run the text of `program`, which may therefore
 * use nothing from around it: it listens at its `parentPort` for questions and posts answers there.
 */
export class ThreadPool {
  readonly #program: () => void
  readonly #name: string
  readonly #most: number
  readonly #threads: Thread[] = []

  constructor(program: () => void, { name, most }: { readonly name: string; readonly most: number }) {
    this.#program = program
    this.#name = name
    this.#most = most
  }

  /** Gives a job to the thread with the least to do: jobs wait there, where no busy caller holds them up. */
  give(job: ThreadJob): void {
    const { worker, jobs } = this.#next()
    jobs.push(job)
    // A thread that has nothing to do does not keep the process.
    worker.ref()
    worker.postMessage(job.question)
  }

  /** Starts a thread if there is room for one without work, so that it is there when work comes. */
  warm(): void {
    const isIdle = this.#threads.some(({ jobs }) => jobs.length === 0)
    if (isIdle || this.#threads.length >= this.#most) return
    this.#start().worker.unref()
  }

  #next(): Thread {
    const left = ({ jobs }: Thread) => jobs.reduce((sum, { weight }) => sum + weight, 0)
    const least = this.#threads.toSorted((a, b) => left(a) - left(b))[0]
    if (least !== undefined && (least.jobs.length === 0 || this.#threads.length >= this.#most)) return least
    return this.#start()
  }

  #start(): Thread {
    // Loaded where it is needed: a scan whose facts are cached starts no thread.
    const workers = process.getBuiltinModule('node:worker_threads')
    const options = { eval: true, name: this.#name, resourceLimits: { maxYoungGenerationSizeMb: 1 } }
    const thread: Thread = { worker: new workers.Worker(`(${this.#program})()`, options), jobs: [] }
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

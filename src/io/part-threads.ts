import { availableParallelism } from 'node:os'
import type { EarlyQuestion } from './part-questions.ts'
import {
  beginHash,
  earlyName,
  earlyTask,
  firstLayer,
  hashAhead,
  hashStep,
  hashTask,
  inflateSteps,
  inflateTask,
  partTask,
} from './part-tasks.ts'
import { type ThreadJob, ThreadPool } from './thread-pool.ts'

/** Threads, at most: reading and hashing are bound by memory soon. One core is left to the thread that asks. */
export const maxPartThreads = Math.min(3, availableParallelism() - 1)

/** Beside the program, which asks them: one of them may be started before the program is there. */
export const partThreads = new ThreadPool(
  'parts',
  partTask,
  [hashTask, beginHash, hashStep, hashAhead, inflateTask, inflateSteps, earlyTask, earlyName, firstLayer].map(String),
)

/** Tells the thread that was started first that something is asked of it. */
const stop = new Int32Array(new SharedArrayBuffer(4))

/** Starts a thread for what will be asked, which begins with what is likely to be. */
export function warmPartThread(early: Omit<EarlyQuestion, 'stop'>): void {
  if (maxPartThreads > 0) partThreads.warm({ ...early, stop } satisfies EarlyQuestion)
}

/** Gives a job to a thread. */
export function givePart(job: ThreadJob): void {
  Atomics.store(stop, 0, 1)
  partThreads.give(job)
}

import { availableParallelism } from 'node:os'
import { hashStep, hashTask, inflateSteps, inflateTask, partTask } from './part-tasks.ts'
import { ThreadPool } from './thread-pool.ts'

/** Threads, at most: reading and hashing are bound by memory soon. One core is left to the thread that asks. */
export const maxPartThreads = Math.min(3, availableParallelism() - 1)

/** Beside the program, which asks them: one of them may be started before the program is there. */
export const partThreads = new ThreadPool(
  'parts',
  partTask,
  [hashTask, hashStep, inflateTask, inflateSteps].map(String),
)

/** Starts a thread for what will be asked. */
export function warmPartThread(): void {
  if (maxPartThreads > 0) partThreads.warm()
}

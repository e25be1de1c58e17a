import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '#lib/failure.ts'
import { unwritable } from './files.ts'

/** How an update waits for another one. */
export interface LockOptions {
  /** Milliseconds before it gives up. */
  readonly wait: number
  /** Called once if it has to wait. */
  readonly onWait?: () => void
  readonly signal?: AbortSignal
}

/**
 * Takes the right to change the store, as a transaction on a database of its own: the system drops it when the process
 * dies, however it dies. Resolves with what gives it back; throws `feeds/locked` after `wait`.
 */
export async function lockStore(folder: string, options: LockOptions): Promise<() => void> {
  let db: DatabaseSync
  try {
    db = new DatabaseSync(join(folder, 'update.lock'), { timeout: 0 })
  } catch (error) {
    throw unwritable(folder, error)
  }
  // The system's clock may be set while this waits.
  const until = performance.now() + options.wait
  for (let isFirst = true; ; isFirst = false) {
    if (tryLock(db, folder)) return () => db.close()
    if (isFirst) options.onWait?.()
    if (performance.now() >= until) {
      db.close()
      throw new Failure('feeds/locked', 'Another process is updating the advisories', {
        hint: 'Wait until it is done; the advisories in use stay readable meanwhile.',
      })
    }
    try {
      await sleep(100, undefined, { signal: options.signal })
    } catch (error) {
      db.close()
      throw error
    }
  }
}

const busy = 5

function tryLock(db: DatabaseSync, folder: string): boolean {
  try {
    db.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false
    db.close()
    throw unwritable(folder, error)
  }
}

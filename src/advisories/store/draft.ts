import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startDraft } from './files.ts'
import type { Manifest } from './manifest.ts'
import { createTables, prepareDraft } from './schema.ts'

/** The next store while it is made: a copy of the one in use, made when the first change comes. */
export interface Draft {
  /** For reading only: the draft where there is one, else the store in use; undefined where there is neither. */
  readonly view: () => DatabaseSync | undefined
  /** For changes. */
  readonly open: () => DatabaseSync
  /** Runs changes as a whole: what it throws undoes them, and is thrown. */
  readonly attempt: <Result>(change: () => Promise<Result>) => Promise<Result>
  /** Notes that the draft differs from the store in use. */
  readonly touch: () => void
  readonly isTouched: () => boolean
  /** Ends all access; `keep` makes the changes final in the draft's file. */
  readonly close: (keep: boolean) => void
}

/** A draft over the store in use, if any. */
export function createDraft(folder: string, current: Manifest | undefined): Draft {
  let reading: DatabaseSync | undefined
  let writing: DatabaseSync | undefined
  let touched = false

  function open(): DatabaseSync {
    if (writing !== undefined) return writing
    writing = new DatabaseSync(startDraft(folder, current))
    prepareDraft(writing)
    writing.exec('BEGIN')
    if (current === undefined) createTables(writing)
    return writing
  }

  function view(): DatabaseSync | undefined {
    if (writing !== undefined || current === undefined) return writing
    reading ??= new DatabaseSync(join(folder, current.file), { readOnly: true })
    return reading
  }

  async function attempt<Result>(change: () => Promise<Result>): Promise<Result> {
    const wasTouched = touched
    if (writing !== undefined) writing.exec('SAVEPOINT feed')
    const isInside = writing !== undefined
    try {
      const result = await change()
      if (isInside) writing!.exec('RELEASE feed')
      return result
    } catch (error) {
      touched = wasTouched
      if (isInside) writing!.exec('ROLLBACK TO feed; RELEASE feed')
      else if (writing !== undefined) {
        // The draft was begun by this change: without it there is none.
        writing.close()
        writing = undefined
      }
      throw error
    }
  }

  function close(keep: boolean): void {
    if (keep) writing?.exec('COMMIT')
    writing?.close()
    reading?.close()
    writing = undefined
    reading = undefined
  }

  return { view, open, attempt, touch: () => void (touched = true), isTouched: () => touched, close }
}

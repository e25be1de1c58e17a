import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the bench keeps things between runs. */
export interface BenchFolders {
  /** Built peers. */
  readonly peers: string
  /** Corpus archives. */
  readonly corpus: string
  /** Everything else. */
  readonly scratch: string
}

/** As the environment says (`SLUICE_PEERS`, `SLUICE_CORPUS`, `SLUICE_BENCH`), else in the home folder's cache. */
export function benchFolders(): BenchFolders {
  const cache = join(homedir(), '.cache')
  const scratch = process.env.SLUICE_BENCH ?? join(cache, 'sluice-bench')
  return {
    scratch,
    peers: process.env.SLUICE_PEERS ?? join(scratch, 'peers'),
    corpus: process.env.SLUICE_CORPUS ?? join(cache, 'sluice-tests', 'corpus'),
  }
}

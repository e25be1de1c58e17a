import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { UpdateProgress } from '#advisories/store/context.ts'
import type { AdvisoryReader } from '#advisories/types.ts'
import type { Ports } from '#engine/ports.ts'
import { BlobCache } from '#io/blob-cache.ts'
import { Failure } from '#lib/failure.ts'
import { printable } from '#lib/terminal.ts'
import { type Flags, usageFailure } from './flags.ts'
import { createHasher } from './hasher.ts'
import { type Home, locateHome } from './home.ts'
import { createProgress, type Progress } from './progress.ts'
import { build } from './version.ts'

/** What a command settles itself instead of leaving it to the environment and the flags. */
export interface Setting {
  readonly home: Home
  readonly now: () => Date
  readonly offline: boolean
}

/**
 * Everything the engine needs of this machine, for the time of one command; interrupts end it cleanly. `settle` is to be
 * called before a result is printed: it takes the progress line away, and leaves interrupts to the system.
 */
export async function withPorts<T>(
  flags: Flags,
  work: (ports: Ports, settle: () => void) => Promise<T>,
  setting: Setting = settingOf(flags),
): Promise<T> {
  sizeThreadPool()
  const { home, now, offline } = setting
  const progress = createProgress(!flags.has('quiet'))
  return withInterrupt((signal, release) =>
    withTemporary(home, async temporary => {
      try {
        const ports: Ports = {
          advisories: ecosystems => openAdvisories({ home, ecosystems, offline, progress, signal }),
          cache: new BlobCache(join(home.cache, 'facts'), temporary),
          answers: new BlobCache(join(home.cache, 'answers'), temporary),
          build,
          hash: createHasher,
          now,
          temporary,
          environment: process.env,
          signal,
          progress: progress.update,
        }
        const settle = () => {
          progress.clear()
          release()
        }
        return await work(ports, settle)
      } finally {
        progress.clear()
      }
    }),
  )
}

/** One thread for each core: more wait for one another, and what they inflate comes later. */
function sizeThreadPool(): void {
  // Node looks when it first needs a thread.
  process.env.UV_THREADPOOL_SIZE ??= String(Math.min(4, Math.max(2, availableParallelism())))
}

function settingOf(flags: Flags): Setting {
  return { home: locateHome(process.env), now: readClock(flags), offline: flags.has('offline') }
}

/**
 * Runs work that SIGINT and SIGTERM abort; a second signal kills, as people expect, and so does the first one once the
 * work has called `release`.
 */
export async function withInterrupt<T>(work: (signal: AbortSignal, release: () => void) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const release = () => {
    process.removeListener('SIGINT', abort)
    process.removeListener('SIGTERM', abort)
  }
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    return await work(controller.signal, release)
  } finally {
    release()
  }
}

/** A folder for one run's spooled bytes, removed with it. */
export async function withTemporary<T>(
  home: Pick<Home, 'temporary'>,
  work: (temporary: string) => Promise<T>,
): Promise<T> {
  let temporary: string
  try {
    // A thread for each would take longer than all of them.
    mkdirSync(home.temporary, { recursive: true, mode: 0o700 })
    sweepRuns(home.temporary)
    temporary = mkdtempSync(join(home.temporary, `run-${process.pid}-`))
  } catch (error) {
    throw new Failure('cli/home', `Sluice's folder ${home.temporary} cannot be written: ${(error as Error).message}.`, {
      hint: 'Set SLUICE_HOME to a folder that can.',
      cause: error,
    })
  }
  try {
    return await work(temporary)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/**
 * A run that was killed leaves its folder: old ones whose process is gone go. A process elsewhere may share the home, so
 * recent ones stay; of the future are those that were made before the clock was set back.
 */
function sweepRuns(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^run-(\d+)-/.exec(name)?.[1]
    if (pid === undefined || isRunning(Number(pid))) continue
    const path = join(folder, name)
    const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Math.abs(Date.now() - modified) > 3_600_000) rmSync(path, { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Opens the store, fetching what the target needs and the store lacks. What cannot be had is missing in the verdict. */
async function openAdvisories(request: {
  readonly home: Home
  readonly ecosystems: readonly string[]
  readonly offline: boolean
  readonly progress: Progress
  readonly signal: AbortSignal
}): Promise<AdvisoryReader> {
  const { lackingEcosystems } = await import('#advisories/store/lacking.ts')
  const { openStore } = await import('#advisories/store/open.ts')
  const { home, ecosystems, offline, progress, signal } = request
  let failure: unknown
  // What fetches is loaded where something is to be fetched.
  if (!offline && lackingEcosystems(home.data, ecosystems).length > 0) {
    const { ensureEcosystems } = await import('#advisories/index.ts')
    const { openFeedSource } = await import('./feed-source.ts')
    const show = showUpdate(progress)
    const source = await openFeedSource(process.env.SLUICE_FEEDS_MIRROR)
    await ensureEcosystems({ home: home.data, ecosystems, progress: show, signal, ...source })
      .catch(error => {
        signal.throwIfAborted()
        failure = error
      })
      .finally(source.client.close)
  }
  const store = openStore(home.data)
  if (store !== undefined) {
    progress.clear()
    if (failure instanceof Failure) process.stderr.write(`sluice: ${printable(failure.message)}\n`)
    else if (failure !== undefined) throw failure
    return store
  }
  throw new Failure('feeds/unavailable', 'There are no advisories to judge by, and none could be fetched.', {
    hint: 'Fetch them with sluice feeds update, or take them from a mirror with sluice feeds update --from DIR.',
    cause: failure,
  })
}

/** Shows an update's steps on the progress line: bytes of downloads, records of all others. */
export function showUpdate(progress: Progress): (event: UpdateProgress) => void {
  const words = {
    wait: 'waiting for another update',
    check: 'checking',
    download: 'downloading',
    read: 'reading',
    join: 'joining ids',
  }
  return ({ feed, step, done = 0, total }) => {
    const label = `Advisories ${feed}: ${words[step]}`
    if (step === 'download') progress.update({ id: feed, label, done, ...(total !== undefined && { total }) })
    else progress.say(total === undefined || step !== 'read' ? label : `${label}  ${done} of ${total} records`)
  }
}

/** The clock: the machine's, or the moment that `--at` names. */
function readClock(flags: Flags): () => Date {
  const text = flags.value('at')
  if (text === undefined) return () => new Date()
  const at = new Date(text)
  if (
    !/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text) ||
    Number.isNaN(at.getTime())
  ) {
    throw usageFailure('scan', `--at needs a moment such as 2026-11-20T12:00:00Z, not '${text}'.`)
  }
  return () => at
}

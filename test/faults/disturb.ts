import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '#test/architecture/sources.ts'

/** How a disturbed run ended, and after how many milliseconds. */
export interface Disturbed {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly milliseconds: number
}

/** What to send, and after how many milliseconds. */
export interface Disturbance {
  readonly signal: NodeJS.Signals
  readonly after: number
}

/** Runs Sluice in a home; a signal is sent where one is given and the run is still alive by then. */
export function disturb(words: readonly string[], home: string, disturbance?: Disturbance): Promise<Disturbed> {
  const start = performance.now()
  const child = spawn(join(root, 'sluice'), words, { stdio: 'ignore', env: { ...process.env, SLUICE_HOME: home } })
  const timer =
    disturbance === undefined ? undefined : setTimeout(() => child.kill(disturbance.signal), disturbance.after)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, milliseconds: performance.now() - start })
    })
  })
}

/** A kind of run that is killed again and again. */
export interface Victim {
  readonly words: readonly string[]
  /** Makes a home ready for a run, and gives it. */
  readonly prepare: () => Promise<string>
  /** Looks at what was left, and holds it to its promises; gives the phase that the run was in. */
  readonly check: (home: string) => Promise<string>
}

/** Runs that were killed in each phase, and those that ended before they could be. */
export interface Toll {
  readonly hits: number
  readonly misses: number
  readonly phases: Readonly<Record<string, number>>
  /** An undisturbed run, as it was measured and corrected on the way. */
  readonly milliseconds: number
}

/**
 * Kills runs until so many were hit, or four times as many were tried. The moments are spread over the whole length of
 * an undisturbed run, in an order that is not theirs. How long that is by now, a run tells that ended before its moment;
 * while none does, moments come later and later, so that the end of a run is not spared.
 */
export async function killMany(victim: Victim, wanted: number): Promise<Toll> {
  const phases: Record<string, number> = {}
  let milliseconds = await undisturbed(victim)
  let hits = 0
  let tries = 0
  for (; hits < wanted && tries < 4 * wanted; tries++) {
    const home = await victim.prepare()
    const after = ((tries * 0.618_034) % 1) * milliseconds
    const ended = await disturb(victim.words, home, { signal: 'SIGKILL', after })
    const wasHit = ended.signal === 'SIGKILL'
    milliseconds = wasHit ? milliseconds * 1.02 : (milliseconds + ended.milliseconds) / 2
    const phase = await victim.check(home)
    if (!wasHit) continue
    hits++
    phases[phase] = (phases[phase] ?? 0) + 1
  }
  return { hits, misses: tries - hits, phases, milliseconds }
}

/** The middle one of three runs. */
async function undisturbed({ words, prepare }: Victim): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < 3; run++) times.push((await disturb(words, await prepare())).milliseconds)
  return times.sort((a, b) => a - b)[1]!
}

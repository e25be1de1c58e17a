import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { sluice } from '#test/support/run.ts'
import { openScene, type Scene, scanIn, scanWords } from './scene.ts'

/** In the suite; the long run has `SLUICE_KILLS=200`. */
const kills = Number(process.env.SLUICE_KILLS ?? '16')

/** Starts Sluice, sends a signal after some milliseconds, and gives how it ended. */
function disturb(words: readonly string[], home: string, signal: NodeJS.Signals, after: number) {
  const child = spawn(join(root, 'sluice'), words, { stdio: 'ignore', env: { ...process.env, SLUICE_HOME: home } })
  const timer = setTimeout(() => child.kill(signal), after)
  return new Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, killedBy) => {
      clearTimeout(timer)
      resolve({ code, signal: killedBy })
    })
  })
}

describe('killed', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene()
  })
  afterAll(() => scene.remove())

  /** Moments from the start to past the end of an undisturbed run, in an order that is not theirs. */
  const moments = (count: number, last: number) =>
    Array.from({ length: count }, (_, round) => 20 + ((round * 0.618_034) % 1) * last)

  it('at any moment of a scan: the next one says what a clean one says', async () => {
    const home = await scene.freshHome()
    const start = performance.now()
    await scanIn(scene, await scene.freshHome())
    const last = performance.now() - start
    let killed = 0

    for (const after of moments(kills, last)) {
      if ((await disturb(scanWords(scene.image), home, 'SIGKILL', after)).signal === 'SIGKILL') killed++
      const next = await scanIn(scene, home)
      expect(next.stdout).toBe(scene.clean)
    }

    console.info(`${killed} of ${kills} scans were killed before their end`)
    expect(killed).toBeGreaterThan(0)
  })

  it('while the first facts are written: the next scan says what a clean one says', async () => {
    for (const after of moments(Math.ceil(kills / 4), 600)) {
      const home = await scene.freshHome()
      await disturb(scanWords(scene.image), home, 'SIGKILL', after)

      expect((await scanIn(scene, home)).stdout).toBe(scene.clean)
    }
  })

  it('at any moment of an update: the next scan has the old store or the new one', async () => {
    const from = join(scene.folder, 'kept', 'feeds')
    for (const after of moments(Math.ceil(kills / 2), 700)) {
      const home = await scene.freshHome()
      await disturb(['feeds', 'update', '--from', from], home, 'SIGKILL', after)

      expect((await scanIn(scene, home)).stdout).toBe(scene.clean)
      expect((await sluice(['feeds', 'update', '--from', from], { environment: { SLUICE_HOME: home } })).code).toBe(0)
    }
  })

  it('politely: ends with 2 and leaves no temporary files', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const home = await scene.freshHome()

      const ended = await disturb(scanWords(scene.image), home, signal, 350)

      // Before its own handler is there, the signal ends the process as it ends any.
      expect(ended.signal === signal || [0, 1, 2, 3].includes(ended.code ?? -1)).toBe(true)
      if (ended.code === 2) expect(readdirSync(join(home, 'tmp'))).toEqual([])
      expect((await scanIn(scene, home)).stdout).toBe(scene.clean)
    }
  })
})

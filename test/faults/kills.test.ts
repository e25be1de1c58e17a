import { readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordOf, writeBucket } from '#test/support/osv-bucket.ts'
import { sluice } from '#test/support/run.ts'
import { disturb, killMany, type Toll } from './disturb.ts'
import { filesBelow, openScene, type Scene, scanIn, scanWords } from './scene.ts'

/** Runs of each kind that are really hit, in the suite; the long run has `SLUICE_KILLS=200`. */
const kills = Number(process.env.SLUICE_KILLS ?? '16')

/** Milliseconds for all runs of a kind, and for those that have to work after them. */
const patience = 600_000 + 30_000 * kills

/** Records of the feeds that an update takes over: writing them is a good part of its time. */
const laterRecords = 2000

/** Names in a folder that may not be there. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function tell(kind: string, { hits, misses, phases, milliseconds }: Toll): void {
  const told = Object.entries(phases).map(([phase, count]) => `${count} ${phase}`)
  const end = `${misses} ended first; undisturbed ${Math.round(milliseconds)} ms`
  console.info(`${kind}: ${hits} killed (${told.sort().join(', ')}), ${end}`)
}

describe('killed', () => {
  let scene: Scene
  let feeds: string
  /** What a scan says by the later feeds. */
  let later: string
  beforeAll(async () => {
    scene = await openScene()
    feeds = join(scene.folder, 'later')
    const names = ['lodash', ...Array.from({ length: laterRecords }, (_, at) => `p${at}`)]
    const modified = '2026-09-01T00:00:00Z'
    const records = names.map((name, at) => recordOf(`GHSA-aaaa-aaaa-${1000 + at}`, 'npm', name, { modified }))
    writeBucket(feeds, { npm: records })
    const home = await scene.freshHome()
    await update(home)
    later = (await scanIn(scene, home)).stdout
  })
  afterAll(() => scene.remove())

  async function update(home: string): Promise<void> {
    const ended = await sluice(['feeds', 'update', '--from', feeds], { environment: { SLUICE_HOME: home } })
    expect([ended.code, ended.stderr]).toEqual([0, ''])
  }

  /** How far a scan came, by what it left. */
  function scanPhase(home: string, before: ReadonlySet<string>): string {
    const runs = namesIn(join(home, 'tmp')).filter(name => !before.has(name))
    const aside = runs.flatMap(name => namesIn(join(home, 'tmp', name)))
    const entries = filesBelow(join(home, 'cache', 'facts')).length
    if (aside.length > 0) return 'in a write to the cache'
    if (runs.length === 0) return 'without a folder of their own'
    if (entries === 0) return 'before the first write to the cache'
    return entries < scene.entries ? 'between writes to the cache' : 'with everything in the cache'
  }

  it.each([
    ['cold', true],
    ['warm', false],
  ])(
    'at any moment of a %s scan: the next one says what a clean one says',
    async (kind, isCold) => {
      // One home for all: what killed runs left there stays in the way of the next ones.
      const home = await scene.freshHome()
      let before: ReadonlySet<string> = new Set()
      const prepare = async () => {
        if (isCold) rmSync(join(home, 'cache', 'facts'), { recursive: true, force: true })
        before = new Set(namesIn(join(home, 'tmp')))
        return home
      }
      const check = async () => {
        const phase = scanPhase(home, before)
        expect((await scanIn(scene, home)).stdout).toBe(scene.clean)
        expect(filesBelow(join(home, 'cache', 'facts')).length).toBe(scene.entries)
        return phase
      }

      const toll = await killMany({ words: scanWords(scene.image), prepare, check }, Math.ceil(kills / 2))

      tell(`${kind} scans`, toll)
      expect(toll.hits).toBe(Math.ceil(kills / 2))
      // Folders of killed runs are swept once they are old.
      for (const name of namesIn(join(home, 'tmp'))) utimesSync(join(home, 'tmp', name), 0, 0)
      await scanIn(scene, home)
      expect(namesIn(join(home, 'tmp'))).toEqual([])
    },
    patience,
  )

  /** How far an update came, by what it left. */
  function updatePhase(home: string, before: readonly string[]): string {
    const names = namesIn(join(home, 'data', 'advisories'))
    const isNew = (name: string) => !before.includes(name)
    if (names.includes('draft.db.tmp')) return 'with a draft'
    if (names.includes('store.json.tmp')) return 'while a manifest was written'
    if (!names.some(name => /^advisories-.*\.db$/.test(name) && isNew(name))) return 'before a draft'
    return names.filter(name => /^advisories-.*\.db$/.test(name)).length > 1 ? 'while it was published' : 'after it'
  }

  it.each([
    ['the first update', true],
    ['an update', false],
  ])(
    'at any moment of %s: the next scan has the old store or the new one',
    async (kind, isFirst) => {
      let before: readonly string[] = []
      const prepare = async () => {
        const home = await scene.freshHome()
        if (isFirst) rmSync(join(home, 'data'), { recursive: true })
        before = namesIn(join(home, 'data', 'advisories'))
        return home
      }
      const clean = isFirst ? await firstStore() : later
      const check = async (home: string) => {
        const phase = updatePhase(home, before)
        const next = await scanIn(scene, home)
        if (next.stdout === '') expect([isFirst, next.code]).toEqual([true, 2])
        else expect([scene.clean, clean]).toContain(next.stdout)
        await update(home)
        expect((await scanIn(scene, home)).stdout).toBe(clean)
        const left = namesIn(join(home, 'data', 'advisories')).filter(name => !/^update\.lock|\.verified$/.test(name))
        expect(left).toEqual([expect.stringMatching(/^advisories-[0-9a-f]{16}\.db$/), 'store.json'])
        rmSync(home, { recursive: true })
        return phase
      }

      const words = ['feeds', 'update', '--from', feeds]
      const toll = await killMany({ words, prepare, check }, Math.ceil(kills / 2))

      tell(kind, toll)
      expect(toll.hits).toBe(Math.ceil(kills / 2))
    },
    patience,
  )

  /** What a scan says by the later feeds alone. */
  async function firstStore(): Promise<string> {
    const home = await scene.freshHome()
    rmSync(join(home, 'data'), { recursive: true })
    await update(home)
    return (await scanIn(scene, home)).stdout
  }

  it('while it holds the lock of the store: the next update has it at once', async () => {
    const home = await scene.freshHome()
    const first = disturb(['feeds', 'update', '--from', feeds], home, { signal: 'SIGKILL', after: 400 })

    // It waits for the first one, which never gives the lock back itself.
    const [ended] = await Promise.all([first, update(home)])

    expect(ended.signal === 'SIGKILL' || ended.code === 0).toBe(true)
    expect((await scanIn(scene, home)).stdout).toBe(later)
  })

  it('politely: ends with 2 and leaves no temporary files', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const home = await scene.freshHome()

      const ended = await disturb(scanWords(scene.image), home, { signal, after: 350 })

      // Before its own handler is there, the signal ends the process as it ends any.
      expect(ended.signal === signal || [0, 1, 2, 3].includes(ended.code ?? -1)).toBe(true)
      if (ended.code === 2) expect(namesIn(join(home, 'tmp'))).toEqual([])
      expect((await scanIn(scene, home)).stdout).toBe(scene.clean)
    }
  })
})

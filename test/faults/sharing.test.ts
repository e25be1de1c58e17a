import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import type { Ended } from '#test/support/run.ts'
import { filesBelow, openScene, type Scene, scanIn } from './scene.ts'

/** In the suite; the long runs have `SLUICE_PARALLEL=100` and `SLUICE_PARALLEL=200`. */
const parallel = Number(process.env.SLUICE_PARALLEL ?? '30')

/** Each process takes some 100 MB for an image of this size; more of them get a smaller one. */
const packagesPerLayer = parallel > 50 ? 20 : 1200

/** Scans that begin in the place of the first ones that end, while others are still at work. */
const later = Math.ceil(parallel / 5)

const preload = `--import=${pathToFileURL(join(root, 'test/faults/trace-cache.ts'))}`

/** Of each process: entries of the cache that it found, did not find and put there, as often as it did. */
function readTrace(path: string) {
  const processes = new Map<string, { readonly hit: string[]; readonly miss: string[]; readonly put: string[] }>()
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    const [pid, what, entry] = line.split(' ') as [string, 'hit' | 'miss' | 'put', string]
    const seen = processes.get(pid) ?? { hit: [], miss: [], put: [] }
    processes.set(pid, seen)
    seen[what].push(entry)
  }
  return [...processes.values()]
}

describe('a home that many scans share', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene({ packagesPerLayer })
  })
  afterAll(() => scene.remove())

  it('is found cold by all of them: they agree, and none reads a layer that it found', async () => {
    const home = await scene.freshHome()
    // Only there may the processes write.
    const trace = join(home, 'trace')
    const environment = { NODE_OPTIONS: preload, SLUICE_TEST_TRACE: trace }

    let joining = later
    const scanAndReplace = async (): Promise<readonly Ended[]> => {
      const ended = await scanIn(scene, home, environment)
      return joining-- > 0 ? [ended, ...(await scanAndReplace())] : [ended]
    }

    const all = (await Promise.all(Array.from({ length: parallel }, scanAndReplace))).flat()

    expect([...new Set(all.map(({ code, stderr }) => `${code} ${stderr}`))]).toEqual(['1 '])
    expect(all.every(({ stdout }) => stdout === scene.clean)).toBe(true)
    // Each entry under its own name, however many wrote it at a time.
    expect(filesBelow(join(home, 'cache', 'facts')).length).toBe(scene.entries)
    expect(readdirSync(join(home, 'tmp'))).toEqual([])
    // Facts are put by who read the bytes: by those that met them first, each once.
    const processes = readTrace(trace)
    const count = (what: 'hit' | 'miss' | 'put') => processes.reduce((sum, seen) => sum + seen[what].length, 0)
    console.info(`${all.length} scans: ${count('miss')} entries not found, ${count('put')} put, ${count('hit')} found`)
    expect(processes.length).toBe(parallel + later)
    const known = new Set(processes.flatMap(({ put }) => put))
    for (const { put, miss, hit } of processes) {
      // The image without its highest layers was looked for too, which nobody scans.
      expect([...put].sort()).toEqual(miss.filter(entry => known.has(entry)).sort())
      expect(new Set([...put, ...hit]).size).toBe(put.length + hit.length)
    }
    await scanIn(scene, home, { ...environment, SLUICE_TEST_TRACE: `${trace}-2` })
    expect(readTrace(`${trace}-2`)).toEqual([{ hit: expect.anything(), miss: [], put: [] }])
  })
})

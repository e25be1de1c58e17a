import { mkdirSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import { recordOf, writeBucket } from '#test/support/osv-bucket.ts'
import { sluice } from '#test/support/run.ts'
import { filesBelow, openScene, type Scene } from './scene.ts'

const day = 86_400_000
const year = 365 * day
const hour = 3_600_000
const preload = `--import=${pathToFileURL(join(root, 'test/faults/set-clock.ts'))}`

/** Moments of a run, in milliseconds, and how wrong the clock is from then on. */
type Clock = readonly (readonly [number, number])[]

describe('a clock that is set', () => {
  let scene: Scene
  let image: string
  let count = 0
  beforeAll(async () => {
    scene = await openScene({ packagesPerLayer: 1 })
    const body = JSON.stringify({ name: 'good', version: '1.0.0' })
    image = writeDockerArchive(join(scene.folder, 'good.tar'), [
      { layers: [[{ name: 'node_modules/good/package.json', body }]] },
    ])
  })
  afterAll(() => scene.remove())

  /** A folder of feeds whose newest record is so many milliseconds old by the true clock. */
  function feedsOf(age: number): string {
    const folder = join(scene.folder, `feeds-${++count}`)
    const modified = new Date(Date.now() - age).toISOString()
    writeBucket(folder, { npm: [recordOf('GHSA-aaaa-aaaa-aaaa', 'npm', 'bad', { modified })] })
    return folder
  }

  const inClock = (home: string, clock: Clock) => ({
    environment: { SLUICE_HOME: home, NODE_OPTIONS: preload, SLUICE_TEST_CLOCK: JSON.stringify(clock) },
  })
  const update = (home: string, from: string, clock: Clock = []) =>
    sluice(['feeds', 'update', '--from', from, '-q'], inClock(home, clock))

  async function homeWith(from: string, clock: Clock = []): Promise<string> {
    const home = join(scene.folder, `home-of-clock-${++count}`)
    const { code, stderr } = await update(home, from, clock)
    expect([code, stderr]).toEqual([0, ''])
    return home
  }

  /** Exit code, status and causes of a scan, and when it says that it was made. */
  async function judge(home: string, clock: Clock = []) {
    const { code, stdout, stderr } = await sluice(
      ['scan', image, '--offline', '-q', '-o', 'json'],
      inClock(home, clock),
    )
    expect(stderr).toBe('')
    const { verdict } = JSON.parse(stdout)
    const details: string[] = verdict.incomplete.map((cause: { code: string; detail: string }) =>
      [cause.code, cause.detail].join(': '),
    )
    return { code, status: verdict.status, details, at: Date.parse(verdict.inputs.at) }
  }

  const passed = { code: 0, status: 'pass', details: [] }
  const stale = (words: RegExp) => ({ code: 3, status: 'incomplete', details: [expect.stringMatching(words)] })

  it.each<readonly [string, Clock, object]>([
    ['right', [], passed],
    ['fast by an hour', [[0, hour]], passed],
    ['slow by half a day', [[0, -day / 2]], passed],
    ['slow by a year', [[0, -year]], stale(/^stale-advisories: .*still to come/)],
    ['fast by ten years', [[0, 10 * year]], stale(/^stale-advisories: .*older than/)],
    ['before 1970', [[0, -100 * year]], stale(/^stale-advisories: .*still to come/)],
  ])('between runs is told, and never makes stale advisories fresh: %s', async (_title, clock, expected) => {
    const home = await homeWith(feedsOf(hour))

    expect(await judge(home, clock)).toMatchObject(expected)
    expect(await judge(home)).toMatchObject(passed)
  })

  it.each<readonly [string, number]>([
    ['back by a year', -year],
    ['forward by ten years', 10 * year],
  ])('while a scan runs: the verdict fits the time that it says it was made at: %s', async (_title, change) => {
    const home = await homeWith(feedsOf(hour))
    for (const after of [1, 60, 120, 180, 240, 300, 400]) {
      const seen = await judge(home, [[after, change]])

      const isRight = Math.abs(seen.at - Date.now()) < day / 2
      expect([after, isRight, seen.status]).toEqual([after, isRight, isRight ? 'pass' : 'incomplete'])
    }
  })

  it.each<readonly [string, number]>([
    ['back by a year', -year],
    ['forward by ten years', 10 * year],
  ])('while an update runs or waits: it ends as ever: %s', async (_title, change) => {
    for (const after of [1, 60, 150, 300]) {
      const home = await homeWith(feedsOf(2 * hour))

      expect((await update(home, feedsOf(hour), [[after, change]])).code).toBe(0)
      // Set right again, the next one is.
      expect((await update(home, feedsOf(hour / 2))).code).toBe(0)
      expect(await judge(home)).toMatchObject(passed)
    }

    const home = await homeWith(feedsOf(2 * hour))
    const holder = new DatabaseSync(join(home, 'data/advisories/update.lock'), { timeout: 5000 })
    holder.exec('BEGIN EXCLUSIVE')
    const waiting = update(home, feedsOf(hour), [[600, change]])
    await sleep(2000)
    holder.close()
    expect((await waiting).code).toBe(0)
  })

  it('when advisories were taken over: what was then still to come is no proof of age', async () => {
    const slow = await homeWith(feedsOf(hour), [[0, -year]])
    expect(await judge(slow)).toMatchObject(stale(/^stale-advisories: it is not known how old/))

    const fast = await homeWith(feedsOf(-9 * year), [[0, 10 * year]])
    expect(await judge(fast)).toMatchObject(stale(/^stale-advisories: .*still to come/))

    const lying = await homeWith(feedsOf(-9 * year))
    expect(await judge(lying)).toMatchObject(stale(/^stale-advisories: it is not known how old/))
  })

  it('does not age the cache', async () => {
    const home = await homeWith(feedsOf(hour))
    await judge(home)
    for (const time of [0, (Date.now() + 10 * year) / 1000]) {
      const entries = filesBelow(join(home, 'cache'))
      expect(entries.length).toBeGreaterThan(0)
      for (const path of filesBelow(home)) utimesSync(path, time, time)

      expect(await judge(home)).toMatchObject(passed)
      expect(filesBelow(join(home, 'cache'))).toEqual(expect.arrayContaining([...entries]))
    }
  })

  it('sweeps only folders of runs that are no more', async () => {
    const home = await homeWith(feedsOf(hour))
    // No process has an id above the system's largest one, 2 to the power of 22.
    const dead = 4_194_305
    const ages: readonly (readonly [string, number])[] = [
      [`run-${dead}-recent`, 60_000],
      [`run-${dead}-old`, 2 * hour],
      [`run-${dead}-future`, -10 * year],
      [`run-${process.pid}-old`, 10 * year],
      [`run-${process.pid}-future`, -10 * year],
      ['what-is-this', 10 * year],
    ]
    for (const [name, age] of ages) {
      const folder = join(home, 'tmp', name)
      mkdirSync(folder, { recursive: true })
      utimesSync(folder, (Date.now() - age) / 1000, (Date.now() - age) / 1000)
    }

    expect(await judge(home)).toMatchObject(passed)

    expect(readdirSync(join(home, 'tmp')).sort()).toEqual(
      [`run-${dead}-recent`, `run-${process.pid}-future`, `run-${process.pid}-old`, 'what-is-this'].sort(),
    )
  })
})

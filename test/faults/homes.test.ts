import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { run } from '#test/support/run.ts'
import { describeWith } from '#test/support/skips.ts'
import { filesBelow, openScene, type Scene, scanIn, scanWords } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.remove())

const facts = (home: string) => filesBelow(join(home, 'cache', 'facts'))

/** A scan that could not do its work says so, in words and by its code; it never claims a bug or a pass. */
function expectRefusal(ended: { readonly code: number | null; readonly stderr: string }): void {
  expect([2, 3]).toContain(ended.code)
  expect(ended.stderr).not.toContain('bug in Sluice')
  expect(ended.stderr).toMatch(/^sluice: /)
}

describe('a home', () => {
  it.each<[string, (path: string, all: readonly string[]) => void]>([
    ['cut', path => truncateSync(path, 40)],
    ['emptied', path => truncateSync(path, 0)],
    ['changed in one bit', path => flip(path)],
    ['swapped', (path, all) => copyOther(path, all)],
    ['made a folder', path => replaceByFolder(path)],
    ['of another program', path => writeFileSync(path, 'blob2 something else')],
  ])('may hold entries that are %s: they are as if they were not there', async (_title, damage) => {
    const home = await scene.freshHome()
    await scanIn(scene, home)
    const entries = facts(home)

    for (const path of entries) damage(path, entries)
    const ended = await scanIn(scene, home)

    expect(entries.length).toBe(scene.entries)
    expect(ended.stdout).toBe(scene.clean)
  })

  it('may have a damaged store: that is a failure, not a pass', async () => {
    const home = await scene.freshHome()
    for (const path of filesBelow(join(home, 'data'))) if (path.endsWith('.db')) flip(path)

    const ended = await scanIn(scene, home)

    expectRefusal(ended)
    expect(ended.stdout).toBe('')
  })

  it('may be nowhere: that is told', async () => {
    // Nothing can be made below a file.
    const HOME = join(scene.image, 'home')

    const ended = await run(join(root, 'sluice'), scanWords(scene.image), {
      environment: { HOME, SLUICE_HOME: undefined, XDG_DATA_HOME: undefined, XDG_CACHE_HOME: undefined },
    })

    expectRefusal(ended)
    expect(ended.stderr).toContain('SLUICE_HOME')
  })

  it('is of no use without file descriptors, and that is told', async () => {
    for (const most of [12, 16, 20, 24, 28, 40]) {
      const home = await scene.freshHome()
      const words = scanWords(scene.image).map(word => `'${word}'`)

      const ended = await run('sh', ['-c', `ulimit -n ${most}; exec '${join(root, 'sluice')}' ${words.join(' ')}`], {
        environment: { SLUICE_HOME: home },
      })

      // Below what Node itself needs, it does not get as far as Sluice.
      if (ended.stdout !== scene.clean) expect(ended.code).not.toBe(0)
      if (ended.stdout !== scene.clean && ended.stderr.includes('sluice')) expectRefusal(ended)
      expect((await scanIn(scene, home)).stdout).toBe(scene.clean)
    }
  })
})

describeWith('the right to mount', canMount())('a disk', () => {
  const place = () => join(scene.folder, 'disk')
  const mounted = async (options: string, work: (home: string) => Promise<void>) => {
    mkdirSync(place(), { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'sluice-faults', place()])
    try {
      const home = join(place(), 'home')
      cpSync(join(await scene.freshHome(), 'data'), join(home, 'data'), { recursive: true })
      execFileSync('mount', ['-o', `remount,${options}`, place()])
      await work(home)
    } finally {
      execFileSync('umount', [place()])
    }
  }

  it('may be read-only', async () => {
    await mounted('ro', async home => {
      expectRefusal(await scanIn(scene, home))
    })
  })

  it('may be read-only in spite of what is cached', async () => {
    await mounted('rw', async home => {
      await scanIn(scene, home)
      execFileSync('mount', ['-o', 'remount,ro', place()])

      expectRefusal(await scanIn(scene, home))
    })
  })

  it('may be full at any point', async () => {
    await mounted('rw', async home => {
      const used = Number(execFileSync('du', ['-sk', home]).toString().split('\t')[0])
      for (const spare of [0, 4, 8, 40, 120, 400]) {
        execFileSync('mount', ['-o', `remount,size=${used + spare}k`, place()])
        const ended = await scanIn(scene, home)

        if (ended.stdout === scene.clean) expect([0, 1]).toContain(ended.code)
        else expectRefusal(ended)
        rmSync(join(home, 'cache'), { recursive: true, force: true })
      }
      execFileSync('mount', ['-o', 'remount,size=64m', place()])
      expect((await scanIn(scene, home)).stdout).toBe(scene.clean)
    })
  })

  it('may be full for reports: they are not called written', async () => {
    await mounted('rw', async home => {
      const report = join(place(), 'report.json')
      const words = [...scanWords(scene.image).slice(0, -1), `json=${report}`]
      const used = Number(execFileSync('du', ['-sk', home]).toString().split('\t')[0])
      execFileSync('mount', ['-o', `remount,size=${used + 16}k`, place()])

      const ended = await run(join(root, 'sluice'), words, { environment: { SLUICE_HOME: await scene.freshHome() } })

      expectRefusal(ended)
    })
  })
})

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'sluice-faults', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function copyOther(path: string, all: readonly string[]): void {
  writeFileSync(path, readFileSync(all.find(other => other !== path) ?? path))
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 4
  writeFileSync(path, bytes)
}

function replaceByFolder(path: string): void {
  rmSync(path)
  mkdirSync(path)
}

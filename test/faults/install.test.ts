import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { run } from '#test/support/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-install-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** In the place of npm: notes that it began and that it ended, and installs nothing but the mark of an installation. */
const npm = `#!/bin/sh
echo begin >>calls
sleep 0.3
mkdir -p node_modules && touch node_modules/.package-lock.json
echo end >>calls
`

let count = 0

/** A clone without packages: the launcher, and a program that says that it ran. */
function openClone() {
  const clone = join(folder, String(++count))
  const programs = join(clone, 'programs')
  for (const path of ['dist/app', 'programs']) mkdirSync(join(clone, path), { recursive: true })
  copyFileSync(join(root, 'sluice'), join(clone, 'sluice'))
  writeFileSync(join(clone, 'package-lock.json'), '{}')
  writeFileSync(join(clone, 'dist/app/main.cjs'), 'console.log("ran")')
  writeFileSync(join(programs, 'npm'), npm, { mode: 0o755 })
  const environment = { PATH: `${programs}${delimiter}${process.env.PATH}`, SLUICE_HOME: join(clone, 'home') }
  const start = () => run(join(clone, 'sluice'), ['--version'], { environment })
  const noted = join(clone, 'calls')
  const calls = () => readFileSync(noted, 'utf8').trim().split('\n')
  const locks = () => readdirSync(clone).filter(name => name.startsWith('.installing'))
  return { start, noted, calls, locks, lock: join(clone, '.installing') }
}

describe('the first start of a clone', () => {
  it('installs once, however many starts there are', async () => {
    const { start, calls, locks } = openClone()

    const all = await Promise.all(Array.from({ length: 5 }, start))

    expect(all.map(({ code, stdout }) => [code, stdout])).toEqual(new Array(5).fill([0, 'ran\n']))
    expect(calls()).toEqual(['begin', 'end'])
    expect(locks()).toEqual([])
  })

  it('takes the lock of a start that was killed, at once and one at a time', async () => {
    const { start, calls, locks, lock } = openClone()
    // The id of a process that has just ended.
    const dead = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim()
    symlinkSync(dead, lock)

    const all = await Promise.all(Array.from({ length: 5 }, start))

    expect(all.map(({ code }) => code)).toEqual(new Array(5).fill(0))
    expect(calls()).toEqual(['begin', 'end'])
    expect(locks()).toEqual([])
  })

  it('waits for a start that lives', async () => {
    const { start, calls, noted, lock } = openClone()
    symlinkSync(String(process.pid), lock)

    const started = start()
    await sleep(1500)

    expect(existsSync(noted)).toBe(false)
    rmSync(lock)
    expect((await started).code).toBe(0)
    expect(calls()).toEqual(['begin', 'end'])
  })
})

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordOf, writeBucket } from '#test/support/osv-bucket.ts'
import { openStore } from './open.ts'
import { updateStore } from './update.ts'

const updater = pathToFileURL(fileURLToPath(new URL('update.ts', import.meta.url))).href
const size = 4_000

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'advisories-'))
  for (const [version, time] of [
    ['1', '2024-01-01'],
    ['2', '2024-06-01'],
  ] as const) {
    const records = Array.from({ length: size }, (_, at) =>
      recordOf(`GHSA-${at}`, 'npm', `v${version}-${at}`, {
        modified: `${time}T00:00:00Z`,
        aliases: [`CVE-2024-${10_000 + at}`],
      }),
    )
    writeBucket(join(root, version), { npm: records })
  }
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Updates in a process of its own that is killed after some milliseconds. Resolves with whether it was. */
function updateAndKill(home: string, from: string, after: number): Promise<boolean> {
  const program = `const { updateStore } = await import(${JSON.stringify(updater)}); process.stdout.write('go'); await updateStore(${JSON.stringify({ home, from })})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), after))
  return new Promise(done => child.once('exit', (_, signal) => done(signal === 'SIGKILL')))
}

/** Which version the store holds: all of one or all of the other. */
function heldVersion(home: string): string | undefined {
  const reader = openStore(home)
  if (reader === undefined) return undefined
  const counts = ['1', '2'].map(
    version =>
      Array.from({ length: size }, (_, at) => reader.lookup('npm', `v${version}-${at}`).length).filter(n => n === 1)
        .length,
  )
  reader.close()
  return counts.join(' ')
}

const whole = ['4000 0', '0 4000']

describe('advisories/store/crash', () => {
  it('has the old store or the new one, whenever an update is killed', async () => {
    const home = join(root, 'home')
    await updateStore({ home, from: join(root, '1') })
    let killed = 0

    for (let round = 0; round < 12; round++) {
      if (await updateAndKill(home, join(root, '2'), 30 + round * 60)) killed++
      expect(whole).toContain(heldVersion(home))
    }
    await updateStore({ home, from: join(root, '2') })

    expect(killed).toBeGreaterThan(0)
    expect(heldVersion(home)).toBe('0 4000')
    expect(readdirSync(join(home, 'advisories')).filter(name => /\.db|tmp/.test(name)).length).toBe(1)
  })

  it('has no store or a whole one, whenever the first update is killed', async () => {
    for (const after of [50, 200, 400]) {
      const home = join(root, `first-${after}`)
      await updateAndKill(home, join(root, '1'), after)
      expect([undefined, '4000 0']).toContain(heldVersion(home))
      await updateStore({ home, from: join(root, '1'), wait: 0 })
      expect(heldVersion(home)).toBe('4000 0')
    }
  })

  it('builds one store where two processes update it at once', async () => {
    const home = join(root, 'both')

    await Promise.all(['1', '1'].map(version => updateAndKill(home, join(root, version), 60_000)))

    expect(heldVersion(home)).toBe('4000 0')
    expect(statSync(join(home, 'advisories', 'update.lock')).isFile()).toBe(true)
  })
})

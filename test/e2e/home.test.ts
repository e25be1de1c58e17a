import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sluice } from '#test/support/run.ts'

describe('the home', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-home-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is rid of what killed runs left, and of nothing else', async () => {
    const long = new Date(Date.now() - 2 * 3_600_000)
    const leave = (name: string, old: boolean) => {
      const path = join(folder, 'tmp', name)
      mkdirSync(path, { recursive: true })
      writeFileSync(join(path, 'spooled'), 'bytes')
      if (old) utimesSync(path, long, long)
      return path
    }
    // No process has this number: Linux gives none above 4,194,304.
    const killed = leave('run-99999999-a', true)
    const justKilled = leave('run-99999999-b', false)
    const running = leave(`run-${process.pid}-c`, true)
    const foreign = leave('notes', true)
    writeFileSync(join(folder, 'go.mod'), 'module example.com/a\n')

    const ended = await sluice(['sbom', join(folder, 'go.mod')], { environment: { SLUICE_HOME: folder } })

    expect(ended.code).toBe(0)
    expect([killed, justKilled, running, foreign].map(path => existsSync(path))).toEqual([false, true, true, true])
  })
})

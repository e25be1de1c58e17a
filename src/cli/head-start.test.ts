import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { headStart } from './head-start.ts'

describe('cli/head-start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'head-start-'))
  const archive = join(folder, 'image.tar')
  const home = join(folder, 'home')
  const write = (bytes: number) => {
    writeFileSync(archive, '')
    truncateSync(archive, bytes)
  }
  beforeEach(() => {
    vi.stubEnv('SLUICE_HOME', home)
    rmSync(home, { recursive: true, force: true })
    write(2 ** 26)
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })

  it('is for large archives, under any of their names', () => {
    expect(headStart(['-q', '-o', 'json', archive])).toBeTypeOf('function')
    expect(headStart([`docker-archive:${archive}`])).toBeTypeOf('function')

    write(2 ** 26 - 1)

    expect(headStart([archive])).toBeUndefined()
  })

  it('is for layouts whose blobs are large together, once for all that share the largest', () => {
    const digest = 'ab'.repeat(32)
    const layout = (name: string, sizes: Readonly<Record<string, number>>) => {
      const blobs = join(folder, name, 'blobs/sha256')
      mkdirSync(blobs, { recursive: true })
      for (const [blob, size] of Object.entries(sizes)) {
        writeFileSync(join(blobs, blob), '')
        truncateSync(join(blobs, blob), size)
      }
      return join(folder, name)
    }
    const small = layout('small', { [digest]: 2 ** 23, ['cd'.repeat(32)]: 2 ** 23 - 1 })
    const first = layout('first', { [digest]: 2 ** 23 + 1, ['cd'.repeat(32)]: 2 ** 23 - 1 })
    const second = layout('second', { [digest]: 2 ** 23 + 1, ['ef'.repeat(32)]: 2 ** 23 })

    expect(headStart([small])).toBeUndefined()
    headStart([`oci:${first}`])!()

    expect(headStart([first])).toBeUndefined()
    expect(headStart([second])).toBeUndefined()
  })

  it.each([
    [['-q', 'debian:12']],
    [['registry:example.org/a']],
    [[folder]],
    [['x'.repeat(5000)]],
    [['a\0b']],
    [[`--policy=${archive}`]],
  ])('is for nothing else: %j', words => {
    expect(headStart(words)).toBeUndefined()
  })

  it('is given once for each content', () => {
    headStart([archive])!()
    expect(headStart([archive])).toBeUndefined()

    utimesSync(archive, 1, 1)
    headStart([archive])!()

    expect(headStart([archive])).toBeUndefined()
    expect(readdirSync(join(home, 'cache/seen'))).toHaveLength(1)
  })

  it('does without memory where there is none to write to', () => {
    writeFileSync(home, '')

    headStart([archive])!()

    expect(headStart([archive])).toBeTypeOf('function')
    rmSync(home)
  })
})

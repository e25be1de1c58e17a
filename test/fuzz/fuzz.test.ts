import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { run } from '#test/support/run.ts'
import { type FuzzOutcome, fuzzTarget } from '#tools/fuzz/run-target.ts'
import { targets } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the fuzzer', () => {
  const planted = (target: string, options: { readonly seconds?: number } = {}): Promise<FuzzOutcome> =>
    fuzzTarget(target, {
      module: new URL('./planted.ts', import.meta.url).href,
      seed: 1,
      seconds: options.seconds ?? 0.5,
      stopsAtFinding: true,
      slow: 2_000,
      stuck: 2_000,
      memory: 256 * 2 ** 20,
    })
  const kinds = ({ findings }: FuzzOutcome) => findings.map(({ kind }) => kind)

  it('finds what only coverage leads to', async () => {
    const { findings } = await planted('steps', { seconds: 60 })

    expect(findings.map(({ kind, detail }) => [kind, detail.slice(0, 18)])).toEqual([['crash', 'TypeError: planted']])
    expect(Buffer.from(findings[0]!.input.subarray(0, 3)).toString()).toBe('BUG')
  })

  it('takes a refusal for what it is', async () => {
    const { findings, runs } = await planted('refusal')

    expect(findings).toEqual([])
    expect(runs).toBeGreaterThan(0)
  })

  it('ends what does not end, and what takes all memory', async () => {
    expect(kinds(await planted('endless', { seconds: 30 }))).toEqual(['hang'])
    expect(kinds(await planted('hungry', { seconds: 30 }))).toEqual(['memory'])
  })

  it('sees prototypes changed and text printed', async () => {
    expect((await planted('polluted')).findings.map(({ detail }) => detail)).toEqual([
      'Object.prototype has become a member planted',
    ])
    expect((await planted('printed')).findings.map(({ detail }) => detail)).toEqual(['printed planted'])
  })
})

describe('the parsers', () => {
  it('are each a target once', () => {
    const names = targets.map(({ name }) => name)

    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(50)
  })

  it('hold while they are fed with changed inputs', async () => {
    const seconds = process.env.SLUICE_FUZZ_SECONDS ?? '40'
    const words = [join(root, 'tools', 'fuzz.ts'), '--seconds', seconds, '--folder', folder]

    const ended = await run(join(root, 'node_modules/.bin/node'), words)

    console.info(ended.stdout.trimEnd().split('\n').at(-1))
    expect({ code: ended.code, stderr: ended.stderr.replace(/^npm warn.*\n/gm, '') }).toEqual({ code: 0, stderr: '' })
  }, 300_000)
})

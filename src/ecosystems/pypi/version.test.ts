import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disagreements, parseVersionLines, readVersionLines } from '#test/ecosystems/version-lines.ts'
import { itWith } from '#test/support/skips.ts'
import { comparePypiVersions, isPypiVersion } from './version.ts'

const hasPackaging = spawnSync('python3', ['-c', 'import packaging.version']).status === 0

const anyVersion = fc.oneof(
  fc.stringMatching(
    /^v?(1!)?[0-9]{1,2}(\.[0-9]{1,2}){0,2}([ab]|rc)?[0-9]?(\.post[0-9])?(\.dev[0-9])?(\+[a-c1-3]{1,2})?$/,
  ),
  fc.string({ maxLength: 8 }),
)

describe('ecosystems/pypi/version', () => {
  it.each(['versions.txt', 'versions.generated.txt'])('agrees with %s both ways', name => {
    const lines = readVersionLines(new URL(`fixtures/${name}`, import.meta.url))

    expect(lines.length).toBeGreaterThan(30)
    expect(disagreements(lines, comparePypiVersions)).toEqual([])
  })

  it('is a total order', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        expect(Math.sign(comparePypiVersions(a, b))).toBe(-Math.sign(comparePypiVersions(b, a)) + 0)
        const [low, middle, high] = [a, b, c].sort(comparePypiVersions)
        expect(comparePypiVersions(low!, middle!)).toBeLessThanOrEqual(0)
        expect(comparePypiVersions(low!, high!)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes a version of any length', () => {
    const long = '1.'.repeat(200_000)

    expect(comparePypiVersions(`${long}1`, `${long}2`)).toBeLessThan(0)
    expect(isPypiVersion(long)).toBe(false)
  })

  itWith('python3 with packaging', hasPackaging)('agrees with a fresh run of packaging', () => {
    const program = new URL('fixtures/make-versions.py', import.meta.url).pathname
    const run = spawnSync('python3', [program], { encoding: 'utf8' })

    expect(run.status).toBe(0)
    expect(disagreements(parseVersionLines(run.stdout), comparePypiVersions)).toEqual([])
  })
})

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disagreements, parseVersionLines, readVersionLines } from '#test/ecosystems/version-lines.ts'
import { itWith } from '#test/support/skips.ts'
import { compareMavenVersions } from './version.ts'

const jars = ['/usr/share/java/maven-artifact-3.x.jar', '/usr/share/java/commons-lang3.jar']
const hasMaven = jars.every(jar => existsSync(jar)) && spawnSync('java', ['-version']).status === 0

const anyVersion = fc.oneof(
  fc.stringMatching(/^[0-9]{1,2}(\.[0-9]{1,2}){0,2}([.-]?(alpha|rc|sp|ga|final|foo|[abm])([.-]?[0-9])?)?$/),
  fc.string({ maxLength: 8 }),
)

describe('ecosystems/maven/version', () => {
  it.each(['versions.txt', 'versions.generated.txt'])('agrees with %s both ways', name => {
    const lines = readVersionLines(new URL(`fixtures/${name}`, import.meta.url))

    expect(lines.length).toBeGreaterThan(20)
    expect(disagreements(lines, compareMavenVersions)).toEqual([])
  })

  it('turns around with its arguments for any two strings', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, (a, b) => {
        expect(Math.sign(compareMavenVersions(a, b))).toBe(-Math.sign(compareMavenVersions(b, a)) + 0)
        expect(compareMavenVersions(a, a)).toBe(0)
      }),
      { numRuns: 3000 },
    )
  })

  it('sorts', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        const [low, middle, high] = [a, b, c].sort(compareMavenVersions)
        expect(compareMavenVersions(low!, middle!)).toBeLessThanOrEqual(0)
        expect(compareMavenVersions(middle!, high!)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 3000 },
    )
  })

  it('takes a version of any length and depth', () => {
    const deep = '1-'.repeat(200_000)

    expect(compareMavenVersions(`${deep}1`, `${deep}2`)).toBeLessThan(0)
    expect(compareMavenVersions(deep, '1')).toBeGreaterThan(0)
    expect(compareMavenVersions('0-'.repeat(200_000), '')).toBe(0)
  })

  itWith('java with maven-artifact', hasMaven)('agrees with a fresh run of the Maven that is installed', () => {
    const program = new URL('fixtures/CompareVersions.java', import.meta.url).pathname
    const run = spawnSync('java', ['-cp', jars.join(':'), program], { encoding: 'utf8' })

    expect(run.status).toBe(0)
    expect(disagreements(parseVersionLines(run.stdout), compareMavenVersions)).toEqual([])
  })
})

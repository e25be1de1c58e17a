import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { itWith } from '#test/support/skips.ts'
import { compareVersions } from './version.ts'

interface Pair {
  readonly a: string
  readonly b: string
  readonly order: number
}

const pairs: readonly Pair[] = readFileSync(join(import.meta.dirname, 'fixtures/versions.generated.txt'), 'utf8')
  .split('\n')
  .filter(line => line.startsWith('"'))
  .map(line => {
    const [, a, sign, b] = /^("[^"]*") ([<=>]) ("[^"]*")$/.exec(line)!
    return { a: JSON.parse(a!), b: JSON.parse(b!), order: '<=>'.indexOf(sign!) - 1 }
  })

const nodeSemver = findNodeSemver()

describe('ecosystems/npm/version', () => {
  it('orders generated pairs as node-semver does, both ways', () => {
    const wrong = pairs.filter(
      ({ a, b, order }) => Math.sign(compareVersions(a, b)) !== order || Math.sign(compareVersions(b, a)) + order !== 0,
    )

    expect(pairs.length).toBeGreaterThanOrEqual(2000)
    expect(wrong).toEqual([])
  })

  it('sorts all of them from any start as the pairs demand', () => {
    const versions = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))]
    const property = fc.property(fc.shuffledSubarray(versions, { minLength: versions.length }), shuffled => {
      const position = new Map(shuffled.sort(compareVersions).map((version, index) => [version, index]))
      const wrong = pairs.filter(
        ({ a, b, order }) => order !== 0 && Math.sign(position.get(a)! - position.get(b)!) !== order,
      )
      expect(wrong).toEqual([])
    })

    fc.assert(property, { numRuns: 5 })
  })

  it.each([
    // Beyond node-semver, which refuses or rounds these.
    ['9007199254740993.0.0', '9007199254740994.0.0'],
    ['1.0.0-9007199254740993', '1.0.0-9007199254740994'],
    ['git+ssh://git@example.com/a.git#1f', '0.0.0'],
    ['1.2', '1.2.1'],
    ['1.2.3', '1.2.3.4'],
  ])('puts %j before %j', (a, b) => {
    const orders = [compareVersions(a, b), compareVersions(b, a)].map(Math.sign)

    expect(orders).toEqual([-1, 1])
  })

  itWith('npm', nodeSemver !== undefined)('agrees with the node-semver of this machine on fresh versions', () => {
    const identifier = fc.constantFrom('0', '1', '10', '007', 'a', 'B', 'rc', 'rc1', '-', 'x-y', '1x')
    const number = fc.constantFrom('0', '1', '2', '10', '010', '4294967296')
    const version = fc
      .tuple(
        fc.constantFrom('', 'v', '=', ' v'),
        fc.tuple(number, number, number),
        fc.constantFrom('', '-'),
        fc.array(identifier, { maxLength: 3 }),
        fc.constantFrom('', '+1', '+a.b-c'),
      )
      .map(([prefix, numbers, hyphen, parts, build]) => {
        // Four numbers are left out: see compareVersions.
        const separator = /^[0-9]/.test(parts[0] ?? '') ? '-' : hyphen
        const prerelease = parts.length === 0 ? '' : `${separator}${parts.join('.')}`
        return `${prefix}${numbers.join('.')}${prerelease}${build}`
      })
    const fresh = fc.sample(fc.tuple(version, version), 2000)

    const orders = nativeOrders(nodeSemver!, fresh)

    const wrong = fresh.filter(
      ([a, b], index) => orders[index] !== null && Math.sign(compareVersions(a, b)) !== orders[index],
    )
    expect(orders.filter(order => order !== null).length).toBeGreaterThan(500)
    expect(wrong).toEqual([])
  })
})

/** The library that npm itself orders versions with; undefined where npm is not installed. */
function findNodeSemver(): string | undefined {
  const which = spawnSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' })
  if (which.status !== 0 || which.stdout.trim() === '') return undefined
  const folder = join(dirname(dirname(realpathSync(which.stdout.trim()))), 'node_modules/semver')
  return existsSync(folder) ? folder : undefined
}

/** Orders by node-semver, null where it refuses one of the two. */
function nativeOrders(folder: string, versions: readonly (readonly [string, string])[]): readonly (number | null)[] {
  const program = `
    const semver = require(${JSON.stringify(folder)})
    const pairs = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
    const order = ([a, b]) => (semver.valid(a, true) && semver.valid(b, true) ? semver.compare(a, b, true) : null)
    console.log(JSON.stringify(pairs.map(order)))`
  return JSON.parse(
    execFileSync(process.execPath, ['-e', program], { input: JSON.stringify(versions), encoding: 'utf8' }),
  )
}

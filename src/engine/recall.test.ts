import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { AdvisoryReader } from '#advisories/types.ts'
import { defaultPolicyFile } from '#policy/default-policy.ts'
import { parsePolicy } from '#policy/parse.ts'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import { cacheIn, portsIn } from '#test/support/ports.ts'
import type { Ports } from './ports.ts'
import { remember } from './recall.ts'
import { scan as scanTarget } from './scan.ts'

const folder = mkdtempSync(join(tmpdir(), 'recall-'))
afterAll(() => rmSync(folder, { recursive: true }))

const policy = parsePolicy(readFileSync(defaultPolicyFile, 'utf8'), 'default.yaml')
const release = { name: 'etc/os-release', body: 'ID=debian\nVERSION_ID="12"\n' }
const status = {
  name: 'var/lib/dpkg/status',
  body: 'Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n',
}
const left = (version: string) => ({
  name: 'srv/node_modules/left/package.json',
  body: `{"name":"left","version":"${version}"}`,
})
const write = (name: string, layers: { readonly name: string; readonly body: string }[][], history?: object[]) =>
  writeDockerArchive(join(folder, `${name}.tar`), [{ layers, ...(history !== undefined && { history }) }])
const image = write('image', [[release, status], [left('1.3.0')]])

/** A store that knows one flaw of `left`, fixed in `fixed`, and a home that keeps what it is given. */
function home() {
  const stored = new Map<string, Uint8Array>()
  const facts = new Map<string, Uint8Array>()
  const world = { revision: 'one', fixed: '2.0.0', build: 'one', lookups: 0 }
  const advisories = (): AdvisoryReader => ({
    covers: () => true,
    lookup: (ecosystem, name) => {
      world.lookups++
      if (name !== 'left') return []
      const range = { type: 'SEMVER' as const, events: [{ introduced: '0' }, { fixed: world.fixed }] as never }
      const affected = [{ ecosystem, name, ranges: [range], versions: [] }]
      return [{ id: 'GHSA-1', source: 'GHSA', modified: '2026-01-01T00:00:00Z', affected, flaws: ['CVE-1'] }]
    },
    describe: id => ({ id, aliases: [], severity: 'HIGH', ratings: [], cwes: [], references: [] }),
    support: () => undefined,
    asOf: () => '2026-11-01T00:00:00Z',
    digest: () => `sha256:${world.revision}`,
    revision: world.revision,
    close: () => undefined,
  })
  /** What was found, and how often the store was asked for it. */
  const scan = async (target: string) => {
    const ports: Ports = {
      ...portsIn(folder),
      advisories: async () => advisories(),
      cache: cacheIn(facts),
      answers: cacheIn(stored),
      build: world.build,
    }
    world.lookups = 0
    const result = await scanTarget({ target, open: {}, policy, stage: 'build', version: '0' }, ports)
    return { result, lookups: world.lookups }
  }
  return { world, stored, scan }
}

describe('engine/recall', () => {
  it('does not ask a store again that was asked about the same packages', async () => {
    const { scan } = home()

    const first = await scan(image)
    const second = await scan(image)

    expect(first.result.findings).toHaveLength(1)
    expect([first.lookups > 0, second.lookups]).toEqual([true, 0])
    expect(second.result).toEqual(first.result)
  })

  it('asks a store of another revision, and remembers that one instead', async () => {
    const { scan, world, stored } = home()
    await scan(image)

    Object.assign(world, { revision: 'two', fixed: '1.3.0' })
    const fixed = await scan(image)
    const again = await scan(image)

    expect([fixed.result.findings, fixed.lookups > 0, again.lookups]).toEqual([[], true, 0])
    expect(again.result).toEqual(fixed.result)
    expect(stored.size).toBe(1)
  })

  it('asks again for another build of the program, and for other packages', async () => {
    const { scan, world } = home()
    await scan(image)

    const other = await scan(write('other', [[release, status], [left('1.3.1')]]))
    world.build = 'two'
    const rebuilt = await scan(image)

    expect([other.lookups > 0, rebuilt.lookups > 0]).toEqual([true, true])
  })

  it('knows the packages below a new layer', async () => {
    const { scan } = home()
    await scan(image)

    const history = [
      { created_by: 'ADD rootfs.tar /' },
      { created_by: 'COPY left /srv/' },
      { created_by: 'CMD ["left"]', empty_layer: true },
      { created_by: 'COPY new /srv/' },
    ]
    const layers = [[release, status], [left('1.3.0')], [{ name: 'srv/new', body: 'x' }]]
    const built = write('built', layers, history)
    const recalled = await scan(built)
    const asked = await home().scan(built)

    expect([recalled.lookups, asked.lookups > 0]).toEqual([0, true])
    expect(recalled.result).toEqual(asked.result)
    // What a base image brought is to be mended there: below a new layer, all else is base.
    expect(recalled.result.actions.map(({ name, base }) => [name, base])).toEqual([['left', true]])
    expect((await scan(image)).result.actions.map(({ name, base }) => [name, base])).toEqual([['left', false]])
  })

  it('keeps nothing that cannot be written down', async () => {
    const stored = new Map<string, Uint8Array>()
    const endless = () => {
      throw new RangeError('Invalid string length')
    }
    const match = { findings: [{ toJSON: endless }], consulted: [], missing: [] } as never

    await remember('key', { revision: '', match, actions: [], held: '' }, { answers: cacheIn(stored) })

    expect(stored.size).toBe(0)
  })

  it('asks where what is kept cannot be read', async () => {
    const { scan, stored } = home()
    await scan(image)
    for (const key of stored.keys()) stored.set(key, Buffer.from('{'))

    expect((await scan(image)).lookups).toBeGreaterThan(0)
  })
})

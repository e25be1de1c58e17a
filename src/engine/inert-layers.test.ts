import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { ecosystems } from '#ecosystems/index.ts'
import type { LayerSource, OpenedTarget } from '#images/types.ts'
import { factsOf, type LayerChange, layerChange } from '#test/support/layer-changes.ts'
import { cacheIn, portsIn } from '#test/support/ports.ts'
import { gatherFacts } from './gather.ts'
import { areInert } from './inert-layers.ts'
import { encodeFacts, type LayerFacts } from './layer-facts.ts'
import type { Reader } from './layer-sheet.ts'
import { readersKey } from './read-layer.ts'

const readers: Reader[] = []
beforeAll(async () => {
  for (const ecosystem of ecosystems) readers.push({ ecosystem, cataloger: await ecosystem.load() })
})

const tree = { paths: [], directories: [], symlinks: [], whiteouts: [], opaques: [] }
const nothing: LayerFacts = { files: [], texts: [], problems: [], tree }
const layerOf = (parts: Partial<LayerFacts['tree']>): LayerFacts => ({ ...nothing, tree: { ...tree, ...parts } })

/** Entries of which nothing was read, at places that matter and others. */
const covering = fc.constantFrom(
  ...['srv/app.js', 'srv/a.jar', 'srv', 'opt', 'opt/new/file', 'opt/node_modules', 'opt/node_modules/left/x', 'etc'],
  ...['jail', 'jail/etc/os-release', 'jail/etc/passwd', 'jail/usr/lib/os-release', 'etc/os-release', 'usr/lib/x'],
  ...['var', 'var/lib/rpm', 'var/lib/rpm/Packages.db', 'var/lib/dpkg', 'usr/bin/go', 'usr/bin/go/x', 'a.jar'],
)
const covers = fc.record({
  paths: fc.array(covering, { maxLength: 2 }),
  directories: fc.array(covering, { maxLength: 2 }),
  changes: fc.oneof(
    { weight: 8, arbitrary: fc.constant<LayerChange[]>([]) },
    { weight: 1, arbitrary: fc.array(layerChange, { maxLength: 1 }) },
  ),
})
const steps = fc.array(
  fc.constantFrom(
    { created_by: 'RUN make' },
    { created_by: 'COPY . .' },
    { created_by: 'CMD ["x"]', empty_layer: true },
  ),
  { maxLength: 9 },
)

describe('engine/inert-layers', () => {
  it('are those that put files beside what was read', () => {
    const watched = () => ['etc/os-release', 'usr/lib/x/package.json', 'bin']
    const isInert = (parts: Partial<LayerFacts['tree']>) => areInert([nothing, layerOf(parts)], watched)

    expect(isInert({})).toBe(true)
    expect(isInert({ paths: ['etc/passwd', 'usr/lib/x/index.js', '.env'], directories: ['etc', 'usr/lib/x'] })).toBe(
      true,
    )
    expect(isInert({ paths: ['etc/os-release'] })).toBe(false)
    expect(isInert({ paths: ['etc'] })).toBe(false)
    expect(isInert({ paths: ['usr/lib'] })).toBe(false)
    expect(isInert({ paths: ['bin/tool'] })).toBe(false)
    expect(isInert({ directories: ['bin'] })).toBe(false)
    expect(isInert({ directories: ['bin/more/of/it'] })).toBe(false)
    expect(isInert({ symlinks: [['srv', 'usr']] })).toBe(false)
    expect(isInert({ whiteouts: ['tmp/x'] })).toBe(false)
    expect(isInert({ opaques: ['tmp'] })).toBe(false)
    expect(isInert({ passedOver: 1 })).toBe(false)
    expect(areInert([{ ...nothing, files: [{ ecosystem: 'npm', path: 'a', facts: 1 }] }], watched)).toBe(false)
    expect(areInert([{ ...nothing, texts: [['etc/os-release', '']] }], watched)).toBe(false)
    expect(areInert([{ ...nothing, problems: [{ code: 'unreadable', detail: '' }] }], watched)).toBe(false)
  })

  it('give the facts that all layers together give, for any layers on any others', async () => {
    let short = 0
    let long = 0

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(layerChange, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        fc.array(covers, { minLength: 1, maxLength: 2 }),
        fc.tuple(steps, steps),
        async (lower, upper, histories) => {
          const below = lower.map(changes => factsOf(changes, readers))
          const all = [...below, ...upper.map(made => covered(made, factsOf(made.changes, readers)))]
          const stored = new Map(all.map((facts, index) => [keyOf(index), encodeFacts(facts)]))
          const alone = new Map(stored)
          const asked: string[] = []
          const scan = async (layers: number, history: object, entries: Map<string, Uint8Array>) => {
            const cache = cacheIn(entries)
            const get = (key: string) => {
              asked.push(key)
              return cache.get(key)
            }
            const ports = { ...portsIn('/'), build: 'x', cache: { ...cache, get } }
            const gathered = await gatherFacts(openedOf(layers, history), ports)
            await gathered.end
            return gathered.facts
          }
          const expected = await scan(all.length, histories[1], alone)
          await scan(lower.length, histories[0], stored)
          asked.length = 0

          const found = await scan(all.length, histories[1], stored)
          asked.includes(keyOf(0)) ? long++ : short++
          const again = await scan(all.length, histories[1], stored)
          const renamed = await scan(all.length, histories[0], stored)

          expect(found).toEqual(expected)
          expect(again).toEqual(expected)
          expect(renamed).toEqual(await scan(all.length, histories[0], alone))
        },
      ),
      { numRuns: 3000 },
    )

    expect(short).toBeGreaterThan(500)
    expect(long).toBeGreaterThan(500)
  })
})

/** What was read of a layer, and entries besides of which nothing was. */
function covered(
  { paths, directories }: Pick<LayerFacts['tree'], 'paths' | 'directories'>,
  read: LayerFacts,
): LayerFacts {
  const besides = paths.filter(path => !read.tree.paths.includes(path))
  const marks = { paths: [...read.tree.paths, ...besides], directories: [...read.tree.directories, ...directories] }
  return { ...read, tree: { ...read.tree, ...marks } }
}

function keyOf(layer: number): string {
  return `sha256-${layer}-${readersKey(ecosystems, 'installed')}`
}

/** An image whose layers are in the cache: where a reader looks for more in one, nothing is there. */
function openedOf(layers: number, history: object): OpenedTarget {
  const walk: LayerSource['walk'] = async () => ({ problems: [] })
  const platform = { os: 'linux', architecture: 'amd64' }
  return {
    target: { scheme: 'oci', name: 'x', kind: 'image' },
    image: { id: 'sha256:x', tags: [], platform, config: { history } },
    layers: Array.from({ length: layers }, (_, at) => ({ diffId: `sha256:${at}`, digest: `sha256:${at}`, walk })),
    problems: [],
    close: async () => undefined,
  }
}

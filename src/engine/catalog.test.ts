import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { ecosystems } from '#ecosystems/index.ts'
import type { Assembly, TreeFile } from '#ecosystems/types.ts'
import { compareText } from '#lib/text.ts'
import { distroFiles, identifyDistro } from '#model/distro.ts'
import { factsOf, layerChange } from '#test/support/layer-changes.ts'
import { catalogPackages } from './catalog.ts'
import type { Reader } from './layer-sheet.ts'
import { type Stack, stackLayers } from './stack.ts'

const readers: Reader[] = []
beforeAll(async () => {
  for (const ecosystem of ecosystems) readers.push({ ecosystem, cataloger: await ecosystem.load() })
})

/**
 * What is meant: each ecosystem is assembled whole as seen from every layer that changed one of its files; a package came
 * in the lowest layer from which on it has been at one of its places without a gap.
 */
function meant(stack: Stack, reader: Reader, distro: ReturnType<typeof identifyDistro>): ReadonlyMap<string, number> {
  const files = stack.files.filter(({ file: read }) => read.ecosystem === reader.ecosystem.id)
  const steps = new Set(files.flatMap(({ layer, hiddenBy }) => (hiddenBy < stack.height ? [layer, hiddenBy] : [layer])))
  const arrivals = new Map<string, number>()
  let final: Assembly['packages'] = []
  const last = Math.max(...steps)
  for (const step of [...steps].sort((a, b) => a - b)) {
    // Links may have been changed by layers above the last that changed a file.
    const top = step === last ? stack.height - 1 : step
    const seen = new Map<string, TreeFile>()
    for (const { layer, path, hiddenBy, file: read } of files)
      if (layer <= top && hiddenBy > top) seen.set(path, { path, facts: read.facts })
    const tree = [...seen.values()].sort((a, b) => compareText(a.path, b.path))
    const at = (path: string) => seen.get(path) ?? seen.get(stack.resolve(path, top) ?? '')
    final = reader.cataloger.assemble({ mode: 'installed', distro, files: tree, at }).packages
    const present = new Set(final.flatMap(({ purl, locations }) => locations.map(({ path }) => `${purl} ${path}`)))
    for (const name of arrivals.keys()) if (!present.has(name)) arrivals.delete(name)
    for (const name of present) if (!arrivals.has(name)) arrivals.set(name, step)
  }
  return new Map(
    final.map(({ purl, locations }) => [
      `${purl} at ${locations.map(({ path }) => path)}`,
      Math.min(...locations.map(({ path }) => arrivals.get(`${purl} ${path}`)!)),
    ]),
  )
}

describe('engine/catalog', () => {
  it('tells of each package the layer that the definition says, for any layers', () => {
    let compared = 0

    fc.assert(
      fc.property(
        fc.array(fc.array(layerChange, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 }),
        made => {
          const stack = stackLayers(made.map(changes => factsOf(changes, readers)))
          const distro = identifyDistro(stack.texts(distroFiles))
          const layers = made.map((_, index) => ({ diffId: `sha256:${index}`, base: false }))

          const { packages } = catalogPackages({ stack, readers, mode: 'installed', distro, layers })

          for (const reader of readers) {
            const found = packages.filter(({ type }) => type === reader.ecosystem.id)
            const told = found.map(({ purl, locations, introduced }) => [
              `${purl} at ${locations.map(({ path }) => path)}`,
              introduced?.layer,
            ])
            expect(new Map(told as [string, number][])).toEqual(meant(stack, reader, distro))
            compared += found.length
          }
        },
      ),
      { numRuns: 3000 },
    )

    expect(compared).toBeGreaterThan(3000)
  })
})

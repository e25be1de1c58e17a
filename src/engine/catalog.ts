import type { Assembly, Tree, TreeFile, TreeMode } from '#ecosystems/types.ts'
import { compareText } from '#lib/text.ts'
import type { Distro } from '#model/distro.ts'
import type { Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { ImageLayer } from '#model/target.ts'
import { ownPackages } from './ownership.ts'
import type { Reader } from './read-layer.ts'
import type { Stack, StackedFile } from './stack.ts'

/** What a stack of layers is put together from. */
export interface CatalogRequest {
  readonly stack: Stack
  readonly readers: readonly Reader[]
  readonly mode: TreeMode
  readonly distro: Distro | undefined
  /** Lowest first; empty where the target has no layers. */
  readonly layers: readonly ImageLayer[]
}

export interface Catalog {
  readonly packages: readonly Package[]
  readonly problems: readonly Problem[]
}

/**
 * Puts packages together from the stacked files: every ecosystem assembles what is seen from the highest layer, each
 * package gets the layer that brought it, and language packages inside an operating-system package get their owner.
 */
export function catalogPackages(request: CatalogRequest): Catalog {
  const { stack, layers } = request
  const parts = request.readers.map(reader => {
    const files = stack.files.filter(({ file }) => file.ecosystem === reader.ecosystem.id)
    return { reader, files, assembly: assemble(request, reader, files, stack.height - 1) }
  })
  const holders = new Map<string, number>()
  for (const { files } of parts)
    for (const { path, layer, hiddenBy } of files) if (hiddenBy === stack.height) holders.set(path, layer)
  const locate = (path: string, line?: number) => {
    const diffId = layers[holders.get(outerPath(path)) ?? -1]?.diffId
    return { ...(diffId !== undefined && { layer: diffId }), path, ...(line !== undefined && { line }) }
  }
  const packages = parts.flatMap(({ reader, files, assembly }) => {
    const arrivals = layers.length > 1 ? arrivalLayers(request, reader, files, assembly) : undefined
    return assembly.packages.map((found): Package => {
      const layer =
        arrivals === undefined
          ? found.locations.reduce((top, { path }) => Math.max(top, holders.get(outerPath(path)) ?? 0), 0)
          : identities(found).reduce((low, name) => Math.min(low, arrivals.get(name) ?? 0), layers.length)
      const brought = layers[layer]
      return {
        ...found,
        locations: found.locations.map(({ path, line }) => locate(path, line)),
        ...(brought !== undefined && {
          introduced: {
            layer,
            diffId: brought.diffId,
            ...(brought.step !== undefined && { step: brought.step }),
            base: brought.base,
          },
        }),
      }
    })
  })
  const problems = parts.flatMap(({ assembly }) =>
    assembly.problems.map(({ code, detail, path, line }) => ({ code, detail, location: locate(path, line) })),
  )
  const owned = ownPackages(packages, parts, stack)
  return { packages: owned.toSorted(byPlace), problems }
}

/** The file of the target that a path inside an archive is in. */
function outerPath(path: string): string {
  return path.split('!/')[0] ?? path
}

/** Sorted by type, name, version and first path: the order of every report. */
function byPlace(a: Package, b: Package): number {
  return (
    compareText(a.type, b.type) ||
    compareText(a.name, b.name) ||
    compareText(a.version, b.version) ||
    compareText(a.locations[0]?.path ?? '', b.locations[0]?.path ?? '') ||
    compareText(a.purl, b.purl)
  )
}

function assemble(request: CatalogRequest, reader: Reader, files: readonly StackedFile[], top: number): Assembly {
  const seen = new Map<string, TreeFile>()
  for (const { layer, path, hiddenBy, file } of files) {
    if (layer <= top && hiddenBy > top) seen.set(path, { path, facts: file.facts })
  }
  const tree: Tree = {
    mode: request.mode,
    distro: request.distro,
    files: [...seen.values()].sort((a, b) => compareText(a.path, b.path)),
    at: path => {
      const direct = seen.get(path)
      if (direct !== undefined) return direct
      const end = request.stack.resolve(path, top)
      return end === undefined ? undefined : seen.get(end)
    },
  }
  try {
    return reader.cataloger.assemble(tree)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const path = tree.files[0]?.path ?? ''
    return { packages: [], problems: [{ code: 'unreadable', detail: `${reader.ecosystem.title}: ${why}`, path }] }
  }
}

/** The same package at one of its places is the same package, whichever layer's copy of the file tells of it. */
function identities({ purl, locations }: Assembly['packages'][number]): readonly string[] {
  return (locations.length === 0 ? [{ path: '' }] : locations).map(({ path }) => `${purl}\0${path}`)
}

/** Files and packages that are gone through, at most, to learn in which layers the packages of an ecosystem came. */
const maxArrivalWork = 1_500_000

/**
 * For each package of the final state and each of its places, the lowest layer from which on it has been there without a
 * gap. A package database is rewritten by every install, so the layer that holds it now says nothing: the ecosystem is
 * assembled as seen from each layer that changed its files, and compared. Undefined where that is too much work, which
 * no real image makes: then the layer of a package is the one that its files are from now.
 */
function arrivalLayers(
  request: CatalogRequest,
  reader: Reader,
  files: readonly StackedFile[],
  final: Assembly,
): ReadonlyMap<string, number> | undefined {
  const changes = new Set<number>()
  for (const { layer, hiddenBy } of files) {
    changes.add(layer)
    if (hiddenBy < request.stack.height) changes.add(hiddenBy)
  }
  const steps = [...changes].sort((a, b) => a - b)
  const arrivals = new Map<string, number>()
  let work = 0
  for (const step of steps) {
    const state = step === steps.at(-1) ? final : assemble(request, reader, files, step)
    work += files.length + state.packages.length
    if (work > maxArrivalWork) return undefined
    const present = new Set(state.packages.flatMap(identities))
    for (const known of arrivals.keys()) if (!present.has(known)) arrivals.delete(known)
    for (const name of present) if (!arrivals.has(name)) arrivals.set(name, step)
  }
  return arrivals
}

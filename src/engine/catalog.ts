import type { Assembly, Tree, TreeFile, TreeMode } from '#ecosystems/types.ts'
import { LimitError } from '#lib/limit-error.ts'
import { compareText } from '#lib/text.ts'
import type { Distro } from '#model/distro.ts'
import { defaultLimits, type Limits } from '#model/limits.ts'
import type { Location } from '#model/location.ts'
import type { CatalogedPackage, Introduction, Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { ImageLayer } from '#model/target.ts'
import { introductionsBy } from './base-image.ts'
import { arrivalLayers, identity } from './catalog-arrivals.ts'
import type { Reader } from './layer-sheet.ts'
import { type CatalogPart, ownPackages } from './ownership.ts'
import type { Stack, StackedFile } from './stack.ts'
import { filesWithin } from './within-packages.ts'

/** What a stack of layers is put together from. */
export interface CatalogRequest {
  readonly stack: Stack
  readonly readers: readonly Reader[]
  readonly mode: TreeMode
  readonly distro: Distro | undefined
  /** Lowest first; empty where the target has no layers. */
  readonly layers: readonly ImageLayer[]
  /** Default: `defaultLimits`. */
  readonly limits?: Limits
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
  const { stack, layers, limits = defaultLimits } = request
  const within = filesWithin(stack, limits)
  const ofEcosystem = Map.groupBy(within.files, ({ file }) => file.ecosystem)
  const holders = new Holders(stack, layers)
  const parts: CatalogPart[] = []
  const packages: Package[] = []
  const problems: Problem[] = []
  if (within.excess !== undefined) {
    const { path, detail } = within.excess
    problems.push({ code: 'limit', detail, location: holders.locate(path, undefined) })
  }
  // One ecosystem after the other, so that what each of them put together first need not be kept for all.
  for (const reader of request.readers) {
    const files = ofEcosystem.get(reader.ecosystem.id) ?? []
    const assembly = assemble(request, reader, { files, top: stack.height - 1 })
    const introductionOf = introductions(request, { reader, files, assembly }, holders)
    for (const found of assembly.packages) {
      const introduced = introductionOf(found)
      const locations = found.locations.map(({ path, line }) => holders.locate(path, line))
      packages.push(introduced === undefined ? { ...found, locations } : { ...found, locations, introduced })
    }
    for (const { code, detail, path, line } of assembly.problems)
      problems.push({ code, detail, location: holders.locate(path, line) })
    parts.push({ reader, files, owns: assembly.owns })
  }
  const owned = ownPackages(packages, parts, { stack, fileAt: path => holders.fileAt(path) })
  return { packages: owned.toSorted(byPlace), problems }
}

/** Which layer holds each file that is seen from the highest one. */
class Holders {
  readonly #layers: readonly ImageLayer[]
  readonly #byPath = new Map<string, number>()

  constructor({ files, height }: Stack, layers: readonly ImageLayer[]) {
    this.#layers = layers
    for (const { path, layer, hiddenBy } of files) if (hiddenBy === height) this.#byPath.set(path, layer)
  }

  /** The file that a place is, or is in: `a.jar` of `a.jar!/b.jar`. */
  fileAt(place: string): string {
    if (this.#byPath.has(place)) return place
    for (let cut = place.indexOf('!/'); cut >= 0; cut = place.indexOf('!/', cut + 1)) {
      const file = place.slice(0, cut)
      if (this.#byPath.has(file)) return file
    }
    return place
  }

  /** Index of the layer that holds the file of a place. */
  layerOf(place: string): number | undefined {
    return this.#byPath.get(this.fileAt(place))
  }

  locate(path: string, line: number | undefined): Location {
    const diffId = this.#layers[this.layerOf(path) ?? -1]?.diffId
    if (diffId === undefined) return line === undefined ? { path } : { path, line }
    return line === undefined ? { layer: diffId, path } : { layer: diffId, path, line }
  }
}

/** What the files of one ecosystem give, seen from the highest layer. */
interface Assembled {
  readonly reader: Reader
  readonly files: readonly StackedFile[]
  readonly assembly: Assembly
}

/** How each package of one ecosystem came into the image; undefined where there are no layers. */
function introductions(
  request: CatalogRequest,
  { reader, files, assembly }: Assembled,
  holders: Holders,
): (found: CatalogedPackage) => Introduction | undefined {
  const { stack, layers } = request
  const byLayer = introductionsBy(layers)
  if (layers.length <= 1) return () => byLayer[0]
  const arrivals = arrivalLayers({
    height: stack.height,
    files,
    final: assembly,
    group: reader.cataloger.group,
    assemble: (some, top) => assemble(request, reader, { files: some, top }),
    fileAt: place => holders.fileAt(place),
  })
  const arrivalOf = (purl: string, place: string) => arrivals.get(identity(purl, place)) ?? holders.layerOf(place) ?? 0
  return ({ purl, locations }) => {
    let lowest = layers.length
    for (const { path } of locations) lowest = Math.min(lowest, arrivalOf(purl, path))
    return byLayer[lowest]
  }
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

function assemble(
  request: CatalogRequest,
  reader: Reader,
  { files, top }: { readonly files: readonly StackedFile[]; readonly top: number },
): Assembly {
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
    const code = error instanceof LimitError ? 'limit' : 'unreadable'
    return { packages: [], problems: [{ code, detail: `${reader.ecosystem.title}: ${why}`, path }] }
  }
}

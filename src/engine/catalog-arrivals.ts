import type { Assembly, TreeFile } from '#ecosystems/types.ts'
import type { CatalogedPackage } from '#model/package.ts'
import type { StackedFile } from './stack.ts'

/** One ecosystem's files of all layers, and what they give in the end. */
export interface ArrivalRequest {
  readonly height: number
  /** In the order of layers. */
  readonly files: readonly StackedFile[]
  /** As seen from the highest layer. */
  readonly final: Assembly
  readonly group: ((file: TreeFile) => string | undefined) | undefined
  /** What some of the files give, as seen from a layer. */
  readonly assemble: (files: readonly StackedFile[], top: number) => Assembly
  /** The file of the target that a place is, or is in. */
  readonly fileAt: (place: string) => string
}

/** Files, and packages at their places, that are gone through, at most, to learn in which layers the packages of an ecosystem came. */
const maxWork = 600_000

/**
 * For each package of the final state and each of its places, by `identity`: the lowest layer from which on it has been
 * there without a gap. Only those are in it for which that is another question than where their file is from: a package
 * database is rewritten by every install, so the layer that holds it now says nothing. The files of a group are then
 * assembled as seen from each layer that changed them, downwards, until all of its packages have been seen to come.
 * Where that were too much work, which no real image makes, the rest is left out.
 */
export function arrivalLayers(request: ArrivalRequest): ReadonlyMap<string, number> {
  const arrivals = new Map<string, number>()
  let work = 0
  for (const { files, places } of changedGroups(request)) {
    const steps = stepsOf(files.every(({ path }) => path === files[0]!.path) ? files : request.files, request.height)
    const staying = new Set(places)
    for (let at = steps.length - 1; at > 0 && staying.size > 0; at--) {
      const below = request.assemble(files, steps[at - 1]!)
      const present = new Set(below.packages.flatMap(identities))
      work += files.length + present.size
      if (work > maxWork) return arrivals
      for (const name of staying) {
        if (present.has(name)) continue
        arrivals.set(name, steps[at]!)
        staying.delete(name)
      }
    }
    for (const name of staying) arrivals.set(name, steps[0]!)
  }
  return arrivals
}

/** The same package at one of its places is the same package, whichever layer's copy of the file tells of it. */
export function identity(purl: string, place: string): string {
  return `${purl}\0${place}`
}

function identities({ purl, locations }: CatalogedPackage): readonly string[] {
  return locations.map(({ path }) => identity(purl, path))
}

interface ChangedGroup {
  readonly files: StackedFile[]
  /** Packages and places that the group has in the end. */
  readonly places: string[]
}

function changedGroups({ files, final, height, group, fileAt }: ArrivalRequest): Iterable<ChangedGroup> {
  const keyOf = ({ path, file }: StackedFile) => (group === undefined ? '' : group({ path, facts: file.facts }))
  // Mostly a file is a group of its own that one layer brought: then nothing is made for it.
  const seen = new Set<string>()
  const several = new Set<string>()
  for (const stacked of files) {
    const key = keyOf(stacked)
    if (key === undefined) continue
    if (stacked.hiddenBy < height || seen.has(key)) several.add(key)
    seen.add(key)
  }
  if (several.size === 0) return []
  const changed = new Map<string, ChangedGroup>()
  const visible = new Map<string, ChangedGroup>()
  for (const stacked of files) {
    const key = keyOf(stacked)
    if (key === undefined || !several.has(key)) continue
    const found = changed.get(key) ?? { files: [], places: [] }
    changed.set(key, found)
    found.files.push(stacked)
    if (stacked.hiddenBy === height) visible.set(stacked.path, found)
  }
  if (visible.size === 0) return []
  for (const { purl, locations } of final.packages)
    for (const { path } of locations) visible.get(fileAt(path))?.places.push(identity(purl, path))
  return changed.values()
}

/** Layers that bring, change or take away one of the files, in ascending order. */
function stepsOf(files: readonly StackedFile[], height: number): readonly number[] {
  const steps = new Set<number>()
  for (const { layer, hiddenBy } of files) {
    steps.add(layer)
    if (hiddenBy < height) steps.add(hiddenBy)
  }
  return [...steps].sort((a, b) => a - b)
}

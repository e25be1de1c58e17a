import type { LayerSource, OpenedTarget } from '#images/types.ts'
import { distroFiles } from '#model/distro.ts'
import { type LayerFacts, listedPackages } from './layer-facts.ts'
import { LayerSheet, type Manner, type Reader } from './layer-sheet.ts'
import { PackageTally } from './package-tally.ts'
import type { Ports } from './ports.ts'
import { type LayerEntry, type Stack, stackLayers } from './stack.ts'

/** What lies behind symbolic links has been read. */
export interface LinkedFiles {
  readonly layers: readonly LayerFacts[]
  readonly stack: Stack
  readonly places: ReadonlySet<string>
}

/**
 * A package database, or the file that names the distribution, may lie behind a symbolic link at a place that no reader
 * knows. Where a canonical place has led to a file that nobody read, seen from whichever layer, that file is read now in
 * a second pass over the layers that hold it. Gives the layers' facts, completed, and stacked; and the places that were
 * looked at, be there a file or not.
 */
export async function readLinked(
  opened: OpenedTarget,
  layers: readonly LayerFacts[],
  { readers, limits, ports }: Pick<Manner, 'readers' | 'limits'> & { readonly ports: Ports },
): Promise<LinkedFiles> {
  const stack = stackLayers(layers)
  const ends = farEnds(stack, readers)
  const wanted = new Map<number, Map<string, readonly Reader[]>>()
  const places = new Set(ends.keys())
  for (const { layer, name, path } of [...stack.entriesAt(places), ...unnamedAt(places, layers)]) {
    const { texts, files } = layers[layer]!
    const readBy = new Set(files.filter(file => file.path === name).map(({ ecosystem }) => ecosystem))
    const { isText, readers: asking } = ends.get(path)!
    const unread = [...asking].filter(({ ecosystem }) => !readBy.has(ecosystem.id))
    if (unread.length === 0 && !(isText && texts.every(([text]) => text !== name))) continue
    const names = wanted.get(layer) ?? new Map<string, readonly Reader[]>()
    wanted.set(layer, names.set(name, unread))
  }
  if (wanted.size === 0) return { layers, stack, places }
  const completed = [...layers]
  const tally = new PackageTally(limits)
  for (const layer of layers) tally.refusalOfAll(listedPackages(layer))
  for (const [layer, names] of wanted) {
    const before = layers[layer]!
    const { files, texts, problems } = await readChosen(opened.layers[layer]!, names, { limits, tally }, ports)
    completed[layer] = {
      ...before,
      files: [...before.files, ...files],
      texts: [...before.texts, ...texts],
      problems: [...before.problems, ...problems],
    }
  }
  return { layers: completed, stack: stackLayers(completed), places }
}

/** Files that were passed over are not known by name: where a layer has such, any place may be one's. */
function unnamedAt(places: ReadonlySet<string>, layers: readonly LayerFacts[]): readonly LayerEntry[] {
  return layers.flatMap(({ tree }, layer) =>
    tree.passedOver === undefined ? [] : [...places].map(path => ({ layer, name: path, path })),
  )
}

/** What is looked for at a path. */
interface FarEnd {
  readonly readers: Set<Reader>
  isText: boolean
}

/** Where the canonical places lead to, seen from whichever layer, if to other places. */
function farEnds(stack: Stack, readers: readonly Reader[]): ReadonlyMap<string, FarEnd> {
  const ends = new Map<string, FarEnd>()
  const endAt = (path: string) => {
    const end = ends.get(path) ?? { readers: new Set(), isText: false }
    ends.set(path, end)
    return end
  }
  for (const reader of readers) {
    for (const database of reader.ecosystem.databases ?? [])
      for (const path of stack.farEnds(database)) endAt(path).readers.add(reader)
  }
  for (const file of distroFiles) for (const path of stack.farEnds(file)) endAt(path).isText = true
  return ends
}

/**
 * Reads chosen files of a layer as if they had been asked for: the far ends of symbolic links to package databases and
 * to what names the distribution. Only what was read is told, not the layer's tree.
 */
async function readChosen(
  source: LayerSource,
  chosen: ReadonlyMap<string, readonly Reader[]>,
  within: Pick<Manner, 'limits' | 'tally'>,
  ports: Pick<Ports, 'hash' | 'signal'>,
): Promise<LayerFacts> {
  const readers = [...new Set([...chosen.values()].flat())]
  const sheet = new LayerSheet({ readers, mode: 'installed', ...within }, ports.hash)
  await source.walk(
    {
      entry: entry => entry.kind === 'file' && chosen.has(entry.path),
      file: (entry, file) => {
        sheet.readText(entry.path, file)
        sheet.readWith(chosen.get(entry.path)!, entry.path, file)
      },
    },
    ports.signal,
  )
  return sheet.facts()
}

import type { LayerSource, OpenedTarget } from '#images/types.ts'
import { distroFiles } from '#model/distro.ts'
import type { Limits } from '#model/limits.ts'
import type { LayerFacts } from './layer-facts.ts'
import type { Ports } from './ports.ts'
import { LayerSheet, type Manner, type Reader } from './read-layer.ts'
import { type Stack, stackLayers } from './stack.ts'

/**
 * A package database, or the file that names the distribution, may lie behind a symbolic link at a place that no reader
 * knows. Where a canonical place has led to a file that nobody read, seen from whichever layer, that file is read now in
 * a second pass over the layers that hold it. Gives the layers' facts, completed, and stacked.
 */
export async function readLinked(
  opened: OpenedTarget,
  layers: readonly LayerFacts[],
  { readers, limits, ports }: Pick<Manner, 'readers' | 'limits'> & { readonly ports: Ports },
): Promise<{ readonly layers: readonly LayerFacts[]; readonly stack: Stack }> {
  const stack = stackLayers(layers)
  const wanted = new Map<number, Map<string, Reader[]>>()
  const want = (path: string, reader?: Reader) => {
    for (const { layer, name } of stack.entriesAt(path)) {
      if (isRead(layers[layer]!, name, reader)) continue
      const names = wanted.get(layer) ?? new Map<string, Reader[]>()
      wanted.set(layer, names.set(name, [...(names.get(name) ?? []), ...(reader === undefined ? [] : [reader])]))
    }
  }
  for (const reader of readers) {
    for (const database of reader.ecosystem.databases ?? [])
      for (const end of farEnds(stack, database)) want(end, reader)
  }
  for (const file of distroFiles) for (const end of farEnds(stack, file)) want(end)
  if (wanted.size === 0) return { layers, stack }
  const completed = [...layers]
  for (const [layer, names] of wanted) {
    const before = layers[layer]!
    const { files, texts, problems } = await readChosen(opened.layers[layer]!, names, limits, ports)
    completed[layer] = {
      ...before,
      files: [...before.files, ...files],
      texts: [...before.texts, ...texts],
      problems: [...before.problems, ...problems],
    }
  }
  return { layers: completed, stack: stackLayers(completed) }
}

/** Where a path leads to, seen from each layer, if to another place. */
function farEnds(stack: Stack, path: string): ReadonlySet<string> {
  const ends = new Set<string>()
  for (let top = 0; top < stack.height; top++) {
    const end = stack.resolve(path, top)
    if (end !== undefined && end !== path) ends.add(end)
  }
  return ends
}

function isRead({ files, texts }: LayerFacts, name: string, reader: Reader | undefined): boolean {
  if (reader === undefined) return texts.some(([path]) => path === name)
  return files.some(({ path, ecosystem }) => path === name && ecosystem === reader.ecosystem.id)
}

/**
 * Reads chosen files of a layer as if they had been asked for: the far ends of symbolic links to package databases and
 * to what names the distribution. Only what was read is told, not the layer's tree.
 */
async function readChosen(
  source: LayerSource,
  chosen: ReadonlyMap<string, readonly Reader[]>,
  limits: Limits,
  ports: Pick<Ports, 'hash' | 'signal'>,
): Promise<LayerFacts> {
  const readers = [...new Set([...chosen.values()].flat())]
  const sheet = new LayerSheet({ readers, mode: 'installed', limits }, ports.hash)
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

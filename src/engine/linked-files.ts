import type { OpenedTarget } from '#images/types.ts'
import { distroFiles } from '#model/distro.ts'
import type { LayerFacts } from './layer-facts.ts'
import type { Ports } from './ports.ts'
import { type Manner, type Reader, readChosen } from './read-layer.ts'
import { type Stack, stackLayers } from './stack.ts'

/**
 * A package database, or the file that names the distribution, may lie behind a symbolic link at a place that no reader
 * knows. Where a canonical place has led to a file that nobody read, seen from whichever layer, that file is read now in
 * a second pass over the layers that hold it. Gives the layers' facts, completed.
 */
export async function readLinked(
  opened: OpenedTarget,
  layers: readonly LayerFacts[],
  { readers, limits, ports }: Pick<Manner, 'readers' | 'limits'> & { readonly ports: Ports },
): Promise<readonly LayerFacts[]> {
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
  return completed
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

import { createHash } from 'node:crypto'
import type { LayerEnd, LayerSource, TreeEntry } from '#images/types.ts'

/** Everything that a walk showed, bodies as their sha256. */
export interface Walked extends LayerEnd {
  readonly entries: readonly TreeEntry[]
  readonly hashes: ReadonlyMap<string, string>
}

/** Walks a layer and wants every body. */
export async function walkAll(layer: LayerSource, wants: (entry: TreeEntry) => boolean = () => true): Promise<Walked> {
  const entries: TreeEntry[] = []
  const hashes = new Map<string, string>()
  const end = await layer.walk({
    entry: entry => {
      entries.push(entry)
      return wants(entry)
    },
    file: (entry, file) => {
      const hash = createHash('sha256')
      for (let offset = 0; offset < file.size; offset += 2 ** 20) hash.update(file.read(offset, 2 ** 20))
      hashes.set(entry.path, hash.digest('hex'))
    },
  })
  return { ...end, entries, hashes }
}

/** `kind path` for every entry, in order. */
export function lines(walked: Walked): readonly string[] {
  return walked.entries.map(({ kind, path }) => `${kind} ${path}`)
}

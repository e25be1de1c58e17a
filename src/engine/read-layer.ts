import type { Ecosystem, TreeMode } from '#ecosystems/types.ts'
import type { LayerSource } from '#images/types.ts'
import type { LayerFacts } from './layer-facts.ts'
import { readLinks } from './layer-links.ts'
import { LayerSheet, type Manner } from './layer-sheet.ts'
import type { Ports } from './ports.ts'

/** Changes whenever this or `layer-sheet.ts` may give other facts for the same layer: part of the cache key. */
const analysisVersion = 4

export interface LayerReading {
  readonly facts: LayerFacts
  /** Digest of the uncompressed bytes, where it was made. */
  readonly diffId?: string
  /** Digest that the facts are known by, of the bytes as read. */
  readonly digest?: string
}

/** The part of a cache key that says who read. */
export function readersKey(readers: readonly Ecosystem[], mode: TreeMode): string {
  const versions = readers.map(({ id, version }) => `${id}${version}`)
  return `${analysisVersion}-${mode}-${versions.join('-')}`
}

/** A layer that is being read. */
export interface LayerInReading {
  /** All files have been shown: the facts, without problems that only the verified bytes would tell. */
  readonly shown: Promise<LayerFacts>
  /** The bytes are verified too. Rejects as `shown` does, or later. */
  readonly end: Promise<LayerReading>
}

/**
 * Reads one layer in one pass and gives each file to the ecosystems that want it. Hard links to files that no reader
 * wanted under their first name cost a second pass over the layer.
 */
export function beginLayer(source: LayerSource, manner: Manner, ports: Pick<Ports, 'hash' | 'signal'>): LayerInReading {
  const sheet = new LayerSheet(manner, ports.hash)
  const walked = Promise.withResolvers<void>()
  const walking = source.walk(
    {
      entry: entry => sheet.enter(entry),
      passesOver: (directory, name) => sheet.passesOver(directory, name),
      file: (entry, file) => sheet.read(entry.path, file),
      shown: walked.resolve,
    },
    ports.signal,
  )
  walking.then(() => walked.resolve(), walked.reject)
  const shown = walked.promise.then(async () => {
    const links = sheet.unreadLinks()
    if (links.size > 0) await readLinks(source, sheet, links, ports.signal)
    return sheet.facts()
  })
  const finish = async (): Promise<LayerReading> => {
    // Both, whatever becomes of one: nothing of a target may be in use when it is closed.
    const [walk, facts] = await Promise.allSettled([walking, shown])
    if (walk.status === 'rejected') throw walk.reason
    if (facts.status === 'rejected') throw facts.reason
    const { problems, ...identity } = walk.value
    return { facts: { ...facts.value, problems: [...facts.value.problems, ...problems] }, ...identity }
  }
  return { shown, end: finish() }
}

/** Reads one layer to its verified end. */
export async function readLayer(
  source: LayerSource,
  manner: Manner,
  ports: Pick<Ports, 'hash' | 'signal'>,
): Promise<LayerReading> {
  const { shown, end } = beginLayer(source, manner, ports)
  await shown.catch(() => undefined)
  return end
}

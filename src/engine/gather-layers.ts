import { ecosystems } from '#ecosystems/index.ts'
import type { TreeMode } from '#ecosystems/types.ts'
import type { OpenedTarget } from '#images/types.ts'
import { type Limits, limitDetail } from '#model/limits.ts'
import type { Problem } from '#model/problem.ts'
import { decodeFacts, encodeFacts, entriesOf, type LayerFacts, listedPackages } from './layer-facts.ts'
import type { Manner, Reader } from './layer-sheet.ts'
import { NameMemo } from './name-memo.ts'
import { PackageTally } from './package-tally.ts'
import type { Ports } from './ports.ts'
import { beginLayer, readersKey } from './read-layer.ts'

/** This many layers are read at a time: inflating runs beside hashing and parsing, and memory stays bounded. */
const layersAtOnce = 3

/** A layer whose files have been seen. */
export interface LayerResult {
  readonly facts: LayerFacts
  readonly diffId?: string
  /** When its bytes are verified: the problems of that, if any. Has to be waited for. */
  readonly end: Promise<readonly Problem[]>
}

/** How the layers of one target are read. */
export interface LayersRequest {
  /** Loaded while the cache is asked. */
  readonly readers: Promise<readonly Reader[]>
  readonly mode: TreeMode
  readonly ports: Ports
  readonly limits: Limits
  /** Gets what goes on when everything is verified: facts on their way into the cache. */
  readonly keeping: Promise<void>[]
}

/** Reads the layers of one target. */
export interface LayersReading {
  /**
   * Reads the layers from index `from` up to, not including, `to`, or takes their facts from the cache; `entries` are
   * below them. Where this throws, nothing of the target is in use any more.
   */
  readonly read: (from: number, to: number, entries?: number) => Promise<readonly LayerResult[]>
  /** When nothing of the target is in use any more. Never rejects. */
  readonly settle: () => Promise<void>
}

/** Layers may be read in any order; each of them once. */
export function layersReading(opened: OpenedTarget, request: LayersRequest): LayersReading {
  const ends: Promise<unknown>[] = []
  const { mode, limits } = request
  const tally = new PackageTally(limits)
  const loading = request.readers.then(readers => ({ readers, mode, limits, tally, names: new NameMemo(readers) }))
  loading.catch(() => undefined)
  const settle = async () => {
    await Promise.allSettled(ends)
    await Promise.all(request.keeping)
  }
  const read = async (from: number, to: number, below = 0) => {
    const results: LayerResult[] = []
    let next = from
    let entries = below
    const work = async () => {
      let before: Promise<unknown> | undefined
      while (next < to) {
        request.ports.signal?.throwIfAborted()
        const index = next++
        if (entries > limits['target-entries']) {
          results[index - from] = unread(opened, index, limitDetail('Too many files', 'target-entries', limits))
          continue
        }
        const { result, ready } = await readCached(opened, index, { ...request, ends, tally, loading })
        results[index - from] = result
        entries += entriesOf(result.facts)
        // Entries for the cache take memory while they are made: no more of them than layers at a time.
        await before
        before = ready
      }
    }
    const workers = Array.from({ length: Math.min(layersAtOnce, to - from) }, work)
    try {
      await Promise.all(workers)
      return results
    } catch (error) {
      await Promise.allSettled(workers)
      await settle()
      throw error
    }
  }
  return { read, settle }
}

/** A layer that is not looked at, and why. */
function unread(opened: OpenedTarget, index: number, detail: string): LayerResult {
  const tree = { paths: [], directories: [], symlinks: [], whiteouts: [], opaques: [] }
  const facts: LayerFacts = { files: [], texts: [], problems: [{ code: 'limit', detail }], tree }
  return { facts, diffId: opened.layers[index]?.diffId, end: Promise.resolve([]) }
}

/**
 * Facts of one layer. The cache may be read under the digest that the image claims, since no engine loads a layer that
 * is not what its documents say; it is written only under the digest of the bytes that were read.
 */
async function readCached(
  opened: OpenedTarget,
  index: number,
  request: LayersRequest & {
    readonly ends: Promise<unknown>[]
    readonly tally: PackageTally
    readonly loading: Promise<Manner>
  },
): Promise<{ readonly result: LayerResult; readonly ready?: Promise<unknown> }> {
  const { loading, mode, ports, keeping, ends, tally } = request
  const source = opened.layers[index]!
  const by = readersKey(ecosystems, mode)
  const key = (digest: string) => `${digest.replace(':', '-')}-${by}`
  const cached = source.digest === undefined ? undefined : await ports.cache.get(key(source.digest))
  const known = cached === undefined ? undefined : decodeFacts(cached)
  if (known !== undefined) {
    const refusal = tally.refusalOfAll(listedPackages(known))
    if (refusal !== undefined) return { result: unread(opened, index, refusal) }
    return { result: { facts: known, diffId: source.diffId, end: Promise.resolve([]) } }
  }
  source.prepare?.(ports.signal)
  const layer = beginLayer(source, await loading, ports)
  // Made ready while the bytes are verified, where there are any to verify: a directory is not kept.
  const claimed = source.digest
  const ready = claimed === undefined ? undefined : layer.shown.then(facts => prepare(key(claimed), facts, ports))
  ready?.catch(() => undefined)
  const end = layer.end.then(async ({ facts, digest, diffId }) => {
    if (digest !== undefined && facts.problems.length === 0) {
      const early = digest === claimed ? await ready : undefined
      const keep = early ?? (await prepare(key(digest), facts, ports))
      if (keep !== undefined) keeping.push(keep())
    }
    return { diffId, facts }
  })
  end.catch(() => undefined)
  ends.push(end)
  const facts = await layer.shown
  const shown = facts.problems.length
  const verified = end.then(whole => whole.facts.problems.slice(shown))
  // Whatever is thrown before it is waited for, it is thrown once.
  verified.catch(() => undefined)
  const result: LayerResult = { facts, diffId: source.diffId ?? (await end).diffId, end: verified }
  return { result, ...(ready !== undefined && { ready }) }
}

/** Undefined where there is a problem, which the next run may not have. */
async function prepare(key: string, facts: LayerFacts, { cache }: Ports): Promise<(() => Promise<void>) | undefined> {
  return facts.problems.length === 0 ? cache.prepare(key, encodeFacts(facts)) : undefined
}

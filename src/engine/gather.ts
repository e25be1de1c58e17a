import { ecosystems } from '#ecosystems/index.ts'
import type { TreeMode } from '#ecosystems/types.ts'
import type { OpenedTarget } from '#images/types.ts'
import { asObject, asString, member } from '#lib/json.ts'
import { type Distro, distroFiles, identifyDistro, osvEcosystems, packageDistro } from '#model/distro.ts'
import { defaultLimits, type Limits, limitDetail } from '#model/limits.ts'
import type { Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { ImageIdentity } from '#model/target.ts'
import { describeLayers } from './base-image.ts'
import { catalogPackages } from './catalog.ts'
import { digestFacts, type Facts } from './facts.ts'
import { decodeFacts, encodeFacts, type LayerFacts } from './layer-facts.ts'
import { readLinked } from './linked-files.ts'
import type { Ports } from './ports.ts'
import { type Reader, readersKey, readLayer } from './read-layer.ts'
import { stackLayers } from './stack.ts'

/** This many layers are read at a time: inflating runs beside hashing and parsing, and memory stays bounded. */
const layersAtOnce = 3

/** Reads everything that a target says of itself: each layer once, or not at all where its facts are cached. */
export async function gatherFacts(opened: OpenedTarget, ports: Ports, limits: Limits = defaultLimits): Promise<Facts> {
  const mode: TreeMode = opened.target.kind === 'directory' ? 'directory' : 'installed'
  const readers = await loadReaders()
  const layers = await readLayers(opened, { readers, mode, ports, limits })
  const diffIds = layers.map(({ diffId }) => diffId ?? '')
  const isImage = opened.image !== undefined
  const described = isImage
    ? describeLayers(
        opened.image.config,
        diffIds,
        layers.map(({ facts }) => facts),
      )
    : []
  const linked = await readLinked(
    opened,
    layers.map(({ facts }) => facts),
    { readers, ports, limits },
  )
  const stack = stackLayers(linked)
  const distro = identifyDistro(stack.texts(distroFiles))
  const catalog = catalogPackages({ stack, readers, mode, distro, layers: described })
  const problems = [
    ...opened.problems,
    ...layers.flatMap(({ diffId }, index) => locatedProblems({ facts: linked[index]!, diffId }, isImage)),
    ...catalog.problems,
    ...unseenSystem(catalog.packages, distro, mode),
  ]
  const image = isImage ? identify(opened, described) : undefined
  const target = { ...opened.target, ...(image !== undefined && { image }) }
  const facts = {
    target,
    ...(distro !== undefined && { distro }),
    packages: catalog.packages,
    problems: distinct(problems),
  }
  return { ...facts, digest: digestFacts(facts, ports.hash) }
}

interface LayerResult {
  readonly facts: LayerFacts
  readonly diffId?: string
}

interface Gathering {
  readonly readers: readonly Reader[]
  readonly mode: TreeMode
  readonly ports: Ports
  readonly limits: Limits
}

async function loadReaders(): Promise<readonly Reader[]> {
  return Promise.all(ecosystems.map(async ecosystem => ({ ecosystem, cataloger: await ecosystem.load() })))
}

async function readLayers(opened: OpenedTarget, gathering: Gathering): Promise<readonly LayerResult[]> {
  const results: LayerResult[] = []
  let next = 0
  let entries = 0
  const work = async () => {
    while (next < opened.layers.length) {
      gathering.ports.signal?.throwIfAborted()
      const index = next++
      if (entries > gathering.limits['target-entries']) {
        results[index] = unread(opened, index, limitDetail('Too many files', 'target-entries', gathering.limits))
        continue
      }
      const result = await readCached(opened, index, gathering)
      results[index] = result
      entries += entriesOf(result.facts)
    }
  }
  await Promise.all(Array.from({ length: Math.min(layersAtOnce, opened.layers.length) }, work))
  return results
}

/** A layer that is not looked at, and why. */
function unread(opened: OpenedTarget, index: number, detail: string): LayerResult {
  const tree = { paths: [], directories: [], symlinks: [], whiteouts: [], opaques: [] }
  const facts: LayerFacts = { files: [], texts: [], problems: [{ code: 'limit', detail }], tree }
  return { facts, diffId: opened.layers[index]?.diffId }
}

function entriesOf({ tree }: LayerFacts): number {
  return tree.paths.length + tree.directories.length + tree.whiteouts.length + tree.opaques.length
}

/**
 * Facts of one layer. The cache may be read under the diffID that the image claims, since no engine loads a layer that
 * is not what its configuration says; it is written only under the digest of the bytes that were read.
 */
async function readCached(
  opened: OpenedTarget,
  index: number,
  { readers, mode, ports, limits }: Gathering,
): Promise<LayerResult> {
  const source = opened.layers[index]!
  const key = (diffId: string) => `${diffId.replace(':', '-')}-${readersKey(readers, mode)}`
  const cached = source.diffId === undefined ? undefined : await ports.cache.get(key(source.diffId))
  const known = cached === undefined ? undefined : decodeFacts(cached)
  if (known !== undefined) return { facts: known, diffId: source.diffId }
  const reading = await readLayer(source, { readers, mode, limits }, ports)
  if (reading.diffId !== undefined && reading.facts.problems.length === 0) {
    await ports.cache.put(key(reading.diffId), encodeFacts(reading.facts))
  }
  return { facts: reading.facts, diffId: source.diffId ?? reading.diffId }
}

function locatedProblems({ facts, diffId }: LayerResult, isImage: boolean): readonly Problem[] {
  if (!isImage || diffId === undefined) return facts.problems
  return facts.problems.map(problem => ({ ...problem, location: { path: '', ...problem.location, layer: diffId } }))
}

/** An operating system that no advisory covers, or one whose packages are not to be seen, cannot be called clean. */
function unseenSystem(packages: readonly Package[], distro: Distro | undefined, mode: TreeMode): readonly Problem[] {
  if (mode === 'directory') return []
  const systems = new Map(ecosystems.filter(({ kind }) => kind === 'system').map(({ id, title }) => [id, title]))
  const ofSystem = packages.filter(({ type }) => systems.has(type))
  if (ofSystem.length === 0 && distro !== undefined) {
    return [{ code: 'missing', detail: `${distro.name} without a package database: its packages cannot be seen` }]
  }
  return ofSystem.flatMap(({ type, purl }) => {
    const release = packageDistro(purl, distro)
    if (release !== undefined && osvEcosystems(release).length > 0) return []
    const detail =
      release !== undefined
        ? `No advisory source covers ${release.name}`
        : `${systems.get(type)} without a file that names their distribution`
    return [{ code: 'unknown-distribution', detail }]
  })
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map(problem => [JSON.stringify(problem), problem])).values()]
}

function identify(opened: OpenedTarget, layers: ImageIdentity['layers']): ImageIdentity {
  const { id, digest, tags, platform, config } = opened.image!
  const created = asString(member(config, 'created'))
  const labels = Object.entries(asObject(member(member(config, 'config'), 'Labels')) ?? {})
  return {
    id,
    ...(digest !== undefined && { digest }),
    tags,
    platform,
    layers,
    labels: Object.fromEntries(labels.filter((pair): pair is [string, string] => typeof pair[1] === 'string')),
    ...(created !== undefined && { created }),
  }
}

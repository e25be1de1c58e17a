import { ecosystems } from '#ecosystems/index.ts'
import type { TreeMode } from '#ecosystems/types.ts'
import type { OpenedTarget } from '#images/types.ts'
import { asObject, asString, member } from '#lib/json.ts'
import { type Distro, distroFiles, identifyDistro, osvEcosystems, packageDistro } from '#model/distro.ts'
import { defaultLimits, type Limits } from '#model/limits.ts'
import type { Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { ImageIdentity, ImageLayer } from '#model/target.ts'
import {
  type Assembled,
  assembledKey,
  encodeAssembled,
  findAssembled,
  inImage,
  isKept,
  withOnTop,
} from './assembled.ts'
import { describeLayers } from './base-image.ts'
import { catalogPackages } from './catalog.ts'
import { digestFacts, digestPackages, type Facts } from './facts.ts'
import { type LayerResult, layersReading } from './gather-layers.ts'
import { entriesOf, type LayerFacts } from './layer-facts.ts'
import type { Reader } from './layer-sheet.ts'
import { readLinked } from './linked-files.ts'
import type { Ports } from './ports.ts'

/** A target whose files have all been seen: what follows from them can be worked out while its bytes are verified. */
export interface Gathered {
  /** What holds if the bytes are those that the target says they are: nothing to answer with. */
  readonly expected: Facts
  /** With every byte verified: `expected` itself, as a rule. */
  readonly facts: Promise<Facts>
  /** When nothing of the target is in use any more, and what may be kept is. Never rejects. */
  readonly end: Promise<unknown>
}

/**
 * Reads everything that a target says of itself: each layer once, or not at all where its facts are cached; and nothing
 * is put together again of layers that this very program has put together before, be they all of an image or all but
 * some on top that change nothing of it. The target must stay open until `end` settles.
 */
export async function gatherFacts(
  opened: OpenedTarget,
  ports: Ports,
  limits: Limits = defaultLimits,
): Promise<Gathered> {
  const mode: TreeMode = opened.target.kind === 'directory' ? 'directory' : 'installed'
  const height = opened.layers.length
  const known = await findAssembled(opened, { mode, limits, ports })
  if (known?.height === height) {
    const expected = finish(opened, describedAs(known.assembled, opened, ports), [], ports)
    return settled(expected, Promise.resolve(expected), [])
  }
  const readers = loadReaders()
  const keeping: Promise<void>[] = []
  const reading = layersReading(opened, { readers, mode, ports, limits, keeping })
  const below = known?.height ?? 0
  const upper = await reading.read(below, height, known?.assembled.entries)
  try {
    const onTop = known === undefined ? undefined : withOnTop(known.assembled, upper.map(factsOf))
    const layers = onTop === undefined ? [...(await reading.read(0, below)), ...upper] : upper
    const { assembled, linked } =
      onTop === undefined
        ? await assemble(opened, layers, { readers: await readers, mode, ports, limits })
        : { assembled: describedAs(onTop, opened, ports), linked: layers.map(() => []) }
    const located = (found: readonly (readonly Problem[])[]) =>
      layers.flatMap(({ diffId }, index) =>
        locatedProblems(found[index]!, opened.image === undefined ? undefined : diffId),
      )
    const soFar = located(linked)
    const expected = finish(opened, assembled, soFar, ports)
    const key = assembledKey(opened, height, mode, ports)
    const verify = async () => {
      // Made ready while the bytes are verified.
      const isReady = key !== undefined && soFar.length === 0 && isKept(assembled)
      const ready = isReady ? ports.cache.prepare(key, encodeAssembled(assembled)) : undefined
      const verified = await Promise.all(layers.map(({ end }) => end))
      const problems = located(linked.map((ofLayer, index) => [...ofLayer, ...verified[index]!]))
      if (ready !== undefined && problems.length === 0) keeping.push(ready.then(keep => keep()))
      return verified.every(ofLayer => ofLayer.length === 0) ? expected : finish(opened, assembled, problems, ports)
    }
    return settled(expected, verify(), keeping)
  } catch (error) {
    await reading.settle()
    throw error
  }
}

function factsOf({ facts }: LayerResult): LayerFacts {
  return facts
}

function settled(expected: Facts, facts: Promise<Facts>, keeping: readonly Promise<void>[]): Gathered {
  const end = facts.catch(() => undefined).then(() => Promise.all(keeping))
  return { expected, facts, end }
}

async function loadReaders(): Promise<readonly Reader[]> {
  return Promise.all(ecosystems.map(async ecosystem => ({ ecosystem, cataloger: await ecosystem.load() })))
}

interface Gathering {
  readonly readers: readonly Reader[]
  readonly mode: TreeMode
  readonly ports: Ports
  readonly limits: Limits
}

/** Stacks the layers and catalogs what is seen; `linked` are the problems of each layer so far. */
async function assemble(opened: OpenedTarget, layers: readonly LayerResult[], gathering: Gathering) {
  const { readers, mode, ports, limits } = gathering
  const facts = layers.map(factsOf)
  const holdsSystem = (facts[0]?.texts.length ?? 0) > 0
  const described = describe(opened, layers, holdsSystem)
  const linked = await readLinked(opened, facts, gathering)
  const distro = identifyDistro(linked.stack.texts(distroFiles))
  const catalog = catalogPackages({ stack: linked.stack, readers, mode, distro, layers: described, limits })
  const watched = [...linked.stack.watched(), ...linked.places]
  const assembled: Assembled = {
    ...(distro !== undefined && { distro }),
    packages: catalog.packages,
    digest: digestPackages(catalog.packages, ports.hash),
    problems: [...catalog.problems, ...unseenSystem(catalog.packages, distro, mode)],
    layers: described,
    holdsSystem,
    entries: facts.reduce((sum, ofLayer) => sum + entriesOf(ofLayer), 0),
    watched: () => watched,
  }
  return { assembled, linked: linked.layers.map(({ problems }) => problems) }
}

/** Of the layers of an image: nothing else has any that are described. */
function describe(
  { image }: OpenedTarget,
  layers: readonly { readonly diffId?: string }[],
  holdsSystem: boolean,
): readonly ImageLayer[] {
  if (image === undefined) return []
  const diffIds = layers.map(({ diffId }) => diffId ?? '')
  return describeLayers(image.config, diffIds, holdsSystem)
}

/** What was put together before, in an image that may tell another history. */
function describedAs(known: Assembled, opened: OpenedTarget, { hash }: Ports): Assembled {
  return inImage(known, describe(opened, opened.layers, known.holdsSystem), hash)
}

function finish(opened: OpenedTarget, assembled: Assembled, ofLayers: readonly Problem[], ports: Ports): Facts {
  const { distro, packages, digest, problems, layers } = assembled
  const image = opened.image === undefined ? undefined : identify(opened, layers)
  const facts = {
    target: { ...opened.target, ...(image !== undefined && { image }) },
    ...(distro !== undefined && { distro }),
    packages,
    problems: distinct([...opened.problems, ...ofLayers, ...problems]),
  }
  return { ...facts, digest: digestFacts({ ...facts, packages: digest }, ports.hash) }
}

function locatedProblems(problems: readonly Problem[], layer: string | undefined): readonly Problem[] {
  if (layer === undefined) return problems
  return problems.map(problem => ({ ...problem, location: { path: '', ...problem.location, layer } }))
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

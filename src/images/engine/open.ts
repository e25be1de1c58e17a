import { openArchiveFile } from '#images/archive.ts'
import { openSpoolIn } from '#images/plain-archive.ts'
import type { OpenedTarget, OpenOptions } from '#images/types.ts'
import { Failure } from '#lib/failure.ts'
import { limitDetail, limitsWith } from '#model/limits.ts'
import { type EngineKind, engineAddress, usualSockets } from './address.ts'
import { type Engine, type EngineImage, isImageName, openEngine } from './engine.ts'

/** Opens an image of a Docker engine, by reference or id. Throws `Failure`. */
export async function openDocker(name: string, options: OpenOptions): Promise<OpenedTarget> {
  return await openFrom('docker', name, options)
}

/** Opens an image of Podman through its Docker-compatible API, by reference or id. Throws `Failure`. */
export async function openPodman(name: string, options: OpenOptions): Promise<OpenedTarget> {
  return await openFrom('podman', name, options)
}

/** True where an engine of this kind runs and has the image; an engine that does not answer at once has none. */
export async function hasImage(
  kind: EngineKind,
  name: string,
  environment: OpenOptions['environment'],
): Promise<boolean> {
  if (!isImageName(name)) return false
  try {
    const address = await engineAddress(kind, environment)
    if (address === undefined) return false
    const engine = await openEngine(address, 3000)
    const image = await engine.inspect(name).finally(engine.close)
    return image !== undefined
  } catch {
    return false
  }
}

/**
 * containerd speaks gRPC, and nothing in its API writes an archive: its own client does. Always throws.
 */
export async function openContainerd(name: string): Promise<OpenedTarget> {
  const shown = isImageName(name) ? name : 'IMAGE'
  throw new Failure('image/unsupported-engine', 'containerd cannot be asked for an image directly', {
    hint: `Export it: ctr --namespace k8s.io images export image.tar ${shown}, then scan oci-archive:image.tar`,
  })
}

async function openFrom(kind: EngineKind, name: string, options: OpenOptions): Promise<OpenedTarget> {
  if (!isImageName(name)) throw new Failure('reference/invalid', 'The name is neither an image reference nor an id')
  const address = await engineAddress(kind, options.environment)
  if (address === undefined) {
    throw new Failure('engine/unreachable', `No engine of ${titles[kind]} runs here`, {
      hint: `Looked for ${usualSockets(kind, options.environment).join(', ')}. To read a registry: registry:${name}`,
    })
  }
  const engine = await openEngine(address)
  try {
    const image = await engine.inspect(name, options.signal)
    if (image === undefined) {
      throw new Failure('engine/not-found', `${titles[kind]} does not have ${name}`, {
        hint: `Pull it first (${kind} pull ${name}), or read it from its registry: registry:${name}`,
      })
    }
    return described(await exported(engine, image, { kind, name, options }), image, name)
  } finally {
    engine.close()
  }
}

const titles = { docker: 'Docker', podman: 'Podman' } as const

interface Request {
  readonly kind: EngineKind
  readonly name: string
  readonly options: OpenOptions
}

/** Keeps the export in a temporary file (without a name where the system allows it) while the target is open. */
async function exported(engine: Engine, image: EngineImage, request: Request): Promise<OpenedTarget> {
  const { kind, name, options } = request
  const response = await engine.save(image.id, options.signal)
  const spool = openSpoolIn(options.temporary)
  const limits = limitsWith(options.limits ?? {})
  try {
    for await (const chunk of response.body) {
      if (spool.size() + chunk.length > limits['target-bytes']) {
        throw new Failure('image/too-large', limitDetail(`${name} is too large`, 'target-bytes', limits))
      }
      spool.append(chunk)
      options.progress?.({ id: image.id, label: `export from ${kind}`, done: spool.size(), total: image.size })
    }
  } catch (cause) {
    spool.close()
    if (cause instanceof Failure || options.signal?.aborted) throw cause
    throw new Failure('image/unspooled', `The image cannot be kept in ${options.temporary}`, { cause })
  }
  const archive = { region: { fd: spool.fd, offset: 0, size: spool.size() }, close: async () => spool.close() }
  const opened = await openArchiveFile(archive, { name, preferred: 'docker-archive' }, options)
  return { ...opened, target: { ...opened.target, scheme: kind, name } }
}

/** What the engine knows and an export by id does not say: names, and the digest by which it was pulled or pushed. */
function described(opened: OpenedTarget, image: EngineImage, name: string): OpenedTarget {
  if (opened.image === undefined) return opened
  const digest = opened.image.digest ?? pulledDigest(image.digests, name)
  return { ...opened, image: { ...opened.image, tags: image.tags, digest } }
}

/** The digest of the repository that was named, or the only one there is. */
function pulledDigest(digests: readonly string[], name: string): string | undefined {
  const repository = (name.split('@')[0] ?? name).replace(/:[^/:]*$/, '')
  const own = digests.find(each => each.startsWith(`${repository}@`))
  const values = new Set((own === undefined ? digests : [own]).map(each => each.slice(each.indexOf('@') + 1)))
  const [only] = values
  return values.size === 1 && only !== undefined && /^sha256:[0-9a-f]{64}$/.test(only) ? only : undefined
}

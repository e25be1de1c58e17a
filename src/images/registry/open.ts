import type { Blob, LayerPart } from '#images/blob.ts'
import { digestHash } from '#images/digest.ts'
import { openImage } from '#images/image.ts'
import type { Descriptor } from '#images/manifest.ts'
import { resolveManifest } from '#images/resolve.ts'
import type { OpenedTarget, OpenOptions } from '#images/types.ts'
import { createHttpClient, type HttpClient, readBody } from '#io/http.ts'
import { proxiesFromEnvironment } from '#io/http-proxy.ts'
import { Failure } from '#lib/failure.ts'
import { limitDetail, limitsWith } from '#model/limits.ts'
import { certificatesFor } from './certificates.ts'
import { blobBody, firstOf, maxDocument, openRepository, type Repository } from './client.ts'
import { findCredential } from './credentials.ts'
import { type Endpoint, endpointsOf, hostNameOf, parseMirrors } from './endpoint.ts'
import { formatReference, parseReference, type Reference } from './reference.ts'

/** For the manifest, the indexes that lead to it and the configuration together: a server may not drip them for days. */
const documentSeconds = 300

/**
 * Opens an image in a registry. The manifest and the configuration are fetched and verified now; layers stream into
 * their walk, again for a second pass, and never touch the disk.
 */
export async function openRegistryImage(name: string, options: OpenOptions): Promise<OpenedTarget> {
  const reference = parseReference(name)
  const endpoints = endpointsOf(reference, {
    mirrors: options.registryMirrors ?? parseMirrors(options.environment.SLUICE_MIRRORS),
    insecure: options.insecureRegistries ?? [],
  })
  // A client each: what one host is trusted for and may lead to says nothing about another.
  const clients = await Promise.all(
    endpoints.map(endpoint => clientFor(endpoint, endpoint === endpoints.at(-1), options)),
  )
  const limits = limitsWith(options.limits ?? {})
  const seconds = limits['target-seconds']
  const documents = withDeadline(
    Math.min(documentSeconds, seconds),
    new Failure('http/timeout', `${reference.registry} did not give the image's documents in time`),
    options.signal,
  )
  const late = new Error(limitDetail('All layers together take too long to arrive', 'target-seconds', limits))
  const layers = withDeadline(seconds, late, options.signal)
  const repositories = endpoints.map((endpoint, index) =>
    openRepository(endpoint, {
      client: clients[index]!,
      credential: ({ host, repository }) => findCredential({ registry: host, repository }, options.environment),
      now: Date.now,
      documents,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }),
  )
  const close = () => {
    for (const client of clients) client.close()
  }
  try {
    return openImage(await partsOf(name, { reference, repositories, documents, layers, options, close }), options)
  } catch (error) {
    close()
    throw error
  }
}

async function clientFor(endpoint: Endpoint, isOrigin: boolean, options: OpenOptions): Promise<HttpClient> {
  return createHttpClient({
    // Behind a mirror stands the registry: it is not worth much patience.
    ...(isOrigin ? {} : { connectTimeout: 5000, retries: 1 }),
    proxies: proxiesFromEnvironment(options.environment),
    namedHosts: [hostNameOf(endpoint.address)],
    ...(await certificatesFor(endpoint.host, options.environment)),
  })
}

/** A signal that is aborted with the other one, or after so many seconds. */
function withDeadline(seconds: number, reason: Error, signal: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), seconds * 1000).unref()
  return signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
}

interface Source {
  readonly reference: Reference
  readonly repositories: readonly Repository[]
  /** Ends where documents, and where layers, take too long. */
  readonly documents: AbortSignal
  readonly layers: AbortSignal
  readonly options: OpenOptions
  readonly close: () => void
}

async function partsOf(name: string, source: Source) {
  const { reference, repositories, options, layers } = source
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  const root = await firstOf(repositories, repository => repository.manifest(wanted))
  const start = { digest: root.digest, mediaType: root.mediaType, urls: [], annotations: new Map<string, string>() }
  const read = async ({ digest }: Descriptor) => {
    if (digest === root.digest) return root.bytes
    return (await firstOf(repositories, repository => repository.manifest(digest))).bytes
  }
  const { descriptor, bytes, manifest } = await resolveManifest([start], read, options.platform)
  return {
    scheme: 'registry',
    name,
    config: {
      bytes: await readConfig(manifest.config, repositories, source.documents),
      digest: manifest.config.digest,
    },
    manifest: { bytes, digest: descriptor.digest },
    layers: manifest.layers.map(layer => layerPart(layer, repositories, layers)),
    tags: reference.tag === undefined ? [] : [formatReference({ ...reference, digest: undefined })],
    ...(descriptor.platform === undefined ? {} : { platform: descriptor.platform }),
    close: async () => source.close(),
  }
}

/** The configuration's digest is the image's identity: anything else is refused, not reported. */
async function readConfig(config: Descriptor, repositories: readonly Repository[], signal: AbortSignal) {
  return await firstOf(repositories, async repository => {
    const response = await repository.blob(config.digest, { signal })
    const bytes = await readBody(response, maxDocument)
    const hash = digestHash(config.digest)
    hash.update(bytes)
    if (hash.digest() === config.digest) return bytes
    const { host, repository: path } = repository.endpoint
    throw new Failure('registry/digest-mismatch', `${host} sent a configuration of ${path} that is not the image's`, {
      hint: 'The registry, a mirror or a proxy in between changed it; do not use the image',
    })
  })
}

function layerPart(layer: Descriptor, repositories: readonly Repository[], deadline: AbortSignal): LayerPart {
  const { digest, size, mediaType } = layer
  const signalFor = (signal?: AbortSignal) => (signal === undefined ? deadline : AbortSignal.any([signal, deadline]))
  const blob: Blob = { size, stream: signal => layerBytes({ digest, size }, repositories, signalFor(signal)) }
  return { blob, claim: { digest, size, mediaType } }
}

async function* layerBytes(
  layer: { readonly digest: string; readonly size?: number },
  repositories: readonly Repository[],
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    yield* blobBody(repositories, layer, signal)
  } catch (error) {
    // A registry without one layer (foreign, or lost) still has the others: the rest of the image is worth reading.
    const isGone = error instanceof Failure && error.code === 'registry/not-found'
    throw isGone ? new Error(error.message, { cause: error }) : error
  }
}

import { Failure } from '#lib/failure.ts'
import { type Descriptor, isAttachment, isIndexType, type ManifestDocument, parseManifest } from './manifest.ts'
import { choosePlatform } from './platform.ts'

/** Indexes in indexes deeper than this are refused. */
const maxDepth = 8

/** Documents that are opened to find one image, at most. */
const maxDocuments = 1000

const imageConfigTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

/** Bytes of the manifest or index that a descriptor names. Throws `Failure` where they cannot be had. */
export type ReadDocument = (descriptor: Descriptor) => Promise<Uint8Array>

/** The manifest that was chosen. */
export interface ResolvedManifest {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly manifest: Extract<ManifestDocument, { kind: 'manifest' }>
}

/**
 * Finds the image manifest for a platform, through indexes in indexes (bounded, each document once). Attestations and
 * other attachments are passed over. Throws `Failure` where there is none.
 */
export async function resolveManifest(
  start: readonly Descriptor[],
  read: ReadDocument,
  wanted?: string,
): Promise<ResolvedManifest> {
  let descriptors = start
  for (let depth = 0; depth <= maxDepth; depth++) {
    const candidates = await flatten(descriptors, read)
    if (candidates.length === 0) throw new Failure('image/damaged', 'The index names no image')
    const descriptor = choosePlatform(candidates, wanted)
    const bytes = await read(descriptor)
    const document = parseManifest(bytes)
    if (document.kind === 'manifest') {
      refuseArtifact(document.config.mediaType)
      return { descriptor, bytes, manifest: document }
    }
    // Its media type did not say that it is an index.
    descriptors = document.manifests
  }
  throw new Failure('image/damaged', 'The index holds too many indexes in one another')
}

/** The image manifests that descriptors lead to, in their order. */
async function flatten(start: readonly Descriptor[], read: ReadDocument): Promise<readonly Descriptor[]> {
  const seen = new Set<string>()
  const found: Descriptor[] = []
  const visit = async (descriptors: readonly Descriptor[], depth: number): Promise<void> => {
    for (const descriptor of descriptors) {
      if (isAttachment(descriptor) || seen.has(descriptor.digest)) continue
      seen.add(descriptor.digest)
      if (depth > maxDepth || seen.size > maxDocuments) {
        throw new Failure('image/damaged', 'The index holds too many indexes in one another')
      }
      if (!isIndexType(descriptor.mediaType)) found.push(descriptor)
      else {
        const document = parseManifest(await read(descriptor))
        if (document.kind === 'index') await visit(document.manifests, depth + 1)
        else found.push(descriptor)
      }
    }
  }
  await visit(start, 0)
  return found
}

/** Charts, signatures and the like are stored like images, but their configuration is none. */
function refuseArtifact(configType: string | undefined): void {
  if (!configType?.startsWith('application/vnd.') || imageConfigTypes.has(configType)) return
  throw new Failure('image/not-an-image', `The manifest is no container image's: its configuration is ${configType}`)
}

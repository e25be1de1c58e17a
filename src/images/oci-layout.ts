import { Failure } from '#lib/failure.ts'
import type { ImageParts, LayerPart } from './blob.ts'
import { type Descriptor, isAttachment, maxDocumentBytes, parseManifest } from './manifest.ts'
import { resolveManifest } from './resolve.ts'
import { type FileStore, readDocument, regionBlob } from './store.ts'

/** Annotation that names an image in a layout (https://github.com/opencontainers/image-spec/blob/main/annotations.md). */
const nameAnnotation = 'org.opencontainers.image.ref.name'

/** Annotation in which containerd and BuildKit keep the full name. */
const containerdAnnotation = 'io.containerd.image.name'

/**
 * An image in an OCI layout, a directory's or an archive's
 * (https://github.com/opencontainers/image-spec/blob/main/image-layout.md). `choice` is a tag or a digest; without it
 * the layout must leave no doubt. Throws `Failure` where there is no such image.
 */
export async function openOciLayout(
  store: FileStore,
  named: { readonly scheme: string; readonly name: string; readonly choice?: string; readonly platform?: string },
): Promise<ImageParts> {
  const index = parseManifest(await readDocument(store, 'index.json', maxDocumentBytes))
  if (index.kind !== 'index') throw new Failure('image/damaged', 'index.json is no index')
  const start = choose(index.manifests, named.choice)
  const read = (descriptor: Descriptor) => readDocument(store, blobPath(descriptor.digest), maxDocumentBytes)
  const { descriptor, bytes, manifest } = await resolveManifest(start, read, named.platform)
  const layers: LayerPart[] = []
  for (const layer of manifest.layers) {
    const region = await store.find(blobPath(layer.digest))
    const claim = { digest: layer.digest, size: layer.size, mediaType: layer.mediaType }
    layers.push(region === undefined ? { claim } : { claim, blob: regionBlob(region) })
  }
  const { config } = manifest
  return {
    scheme: named.scheme,
    name: named.name,
    config: { bytes: await readDocument(store, blobPath(config.digest), maxDocumentBytes), digest: config.digest },
    manifest: { bytes, digest: descriptor.digest },
    layers,
    tags: [...new Set(start.flatMap(namesOf))],
    platform: descriptor.platform,
    close: store.close,
  }
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

/** The descriptors that may be meant. Several names for one image are one image, several platforms too. */
function choose(manifests: readonly Descriptor[], choice: string | undefined): readonly Descriptor[] {
  const images = manifests.filter(descriptor => !isAttachment(descriptor))
  const names = [...new Set(images.flatMap(namesOf))].slice(0, 20)
  const hint = names.length === 0 ? undefined : `It holds ${names.join(', ')}`
  const fitting = choice === undefined ? images : images.filter(descriptor => isNamed(descriptor, choice))
  if (fitting.length === 0) {
    if (choice === undefined) throw new Failure('image/damaged', 'The layout holds no image')
    throw new Failure('image/no-tag', `The layout holds no image ${choice}`, { hint })
  }
  const unplaced = fitting.filter(({ platform }) => platform === undefined)
  const digests = new Set(unplaced.map(({ digest }) => digest))
  const titles = new Set(fitting.map(descriptor => namesOf(descriptor)[0]))
  if (digests.size > 1 || (choice === undefined && titles.size > 1 && new Set(fitting.map(d => d.digest)).size > 1)) {
    throw new Failure('image/ambiguous', `The layout holds ${Math.max(digests.size, titles.size)} images`, { hint })
  }
  return fitting
}

function isNamed(descriptor: Descriptor, choice: string): boolean {
  return descriptor.digest === choice || namesOf(descriptor).includes(choice) || tagOf(descriptor) === choice
}

function namesOf(descriptor: Descriptor): readonly string[] {
  const names = [descriptor.annotations.get(containerdAnnotation), descriptor.annotations.get(nameAnnotation)]
  return names.filter(name => name !== undefined && name !== '') as readonly string[]
}

/** The tag in a full name. */
function tagOf(descriptor: Descriptor): string | undefined {
  const name = namesOf(descriptor)[0]
  return name?.slice(name.lastIndexOf('/') + 1).split(':')[1]
}

import { Failure } from '#lib/failure.ts'
import { asArray, asString, asStrings, member } from '#lib/json.ts'
import type { ImageParts, LayerPart } from './blob.ts'
import { maxDocumentBytes, parseDocument } from './manifest.ts'
import { type FileStore, readDocument, regionBlob } from './store.ts'

/** One image of an archive, as `manifest.json` names it. */
interface SavedImage {
  readonly config: string
  readonly tags: readonly string[]
  readonly layers: readonly string[]
}

/**
 * An image in what `docker save` writes: `manifest.json` names configuration and layers by path, in the classic layout
 * and in the OCI-shaped one of Docker 25 alike (https://github.com/moby/docker-image-spec). `choice` is a tag or an
 * image id where the archive holds several. Throws `Failure` where there is no such image.
 */
export async function openDockerArchive(
  store: FileStore,
  named: { readonly scheme: string; readonly name: string; readonly choice?: string },
): Promise<ImageParts> {
  const document = parseDocument(await readDocument(store, 'manifest.json', maxDocumentBytes), 'manifest.json')
  const saved = choose(asArray(document).map(toSavedImage), named.choice)
  const config = await readDocument(store, saved.config, maxDocumentBytes)
  const layers: LayerPart[] = []
  for (const path of saved.layers) {
    const region = await store.find(path)
    const digest = digestOf(path)
    const claim = digest === undefined ? {} : { digest }
    layers.push(region === undefined ? { claim } : { claim, blob: regionBlob(region) })
  }
  return {
    scheme: named.scheme,
    name: named.name,
    config: { bytes: config, digest: digestOf(saved.config) },
    layers,
    tags: saved.tags,
    close: store.close,
  }
}

/** Paths that are digests promise them: `blobs/sha256/<hex>`, and `<hex>.json` for a classic configuration. */
function digestOf(path: string): string | undefined {
  const hex = /^(?:blobs\/sha256\/([0-9a-f]{64})|([0-9a-f]{64})\.json)$/.exec(path)
  return hex === null ? undefined : `sha256:${hex[1] ?? hex[2]}`
}

function toSavedImage(value: unknown): SavedImage {
  const config = asString(member(value, 'Config'))
  if (config === undefined) throw new Failure('image/damaged', 'manifest.json names no configuration')
  return { config, tags: asStrings(member(value, 'RepoTags')), layers: asStrings(member(value, 'Layers')) }
}

function choose(images: readonly SavedImage[], choice: string | undefined): SavedImage {
  const first = images[0]
  if (first === undefined) throw new Failure('image/damaged', 'The archive holds no image')
  const fitting = choice === undefined ? images : images.filter(image => isNamed(image, choice))
  const chosen = fitting[0]
  if (fitting.length === 1 && chosen !== undefined) return chosen
  const names = images.flatMap(({ tags, config }) => (tags.length > 0 ? tags : [idOf(config)])).slice(0, 20)
  const hint = `Add one of these after the file's name and a colon: ${names.join(', ')}`
  if (chosen === undefined) throw new Failure('image/no-tag', `The archive holds no image ${choice}`, { hint })
  throw new Failure('image/ambiguous', `The archive holds ${fitting.length} images`, { hint })
}

function isNamed(image: SavedImage, choice: string): boolean {
  const wanted = fullName(choice)
  const id = idOf(image.config)
  const hex = choice.replace(/^sha256:/, '')
  return image.tags.some(tag => fullName(tag) === wanted) || (/^[0-9a-f]{12,64}$/.test(hex) && id.startsWith(hex))
}

/** A tag as Docker stores it: without Docker Hub's prefix, with `latest` where it has no tag. */
function fullName(tag: string): string {
  const short = tag.replace(/^(?:docker\.io\/)?(?:library\/)?/, '')
  return short.slice(short.lastIndexOf('/') + 1).includes(':') ? short : `${short}:latest`
}

function idOf(config: string): string {
  return config.slice(config.lastIndexOf('/') + 1).replace(/\.json$/, '')
}

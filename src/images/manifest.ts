import { Failure } from '#lib/failure.ts'
import { asArray, asObject, asString, asStrings, member, parseJson } from '#lib/json.ts'
import { decodeText } from '#lib/text.ts'
import type { Platform } from '#model/target.ts'
import { isDigest } from './digest.ts'

/** Manifests, indexes and configurations above this many bytes are refused, as registries do. */
export const maxDocumentBytes = 16 * 2 ** 20

/** A reference to bytes (https://github.com/opencontainers/image-spec/blob/main/descriptor.md). */
export interface Descriptor {
  readonly digest: string
  readonly mediaType?: string
  readonly size?: number
  readonly platform?: Platform
  /** Where else the bytes may be: foreign layers. */
  readonly urls: readonly string[]
  readonly annotations: ReadonlyMap<string, string>
  readonly artifactType?: string
}

/** An OCI or Docker manifest, or a list of them; members that Sluice does not use are left out. */
export type ManifestDocument =
  | { readonly kind: 'manifest'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] }

/**
 * Reads an image manifest or an index, OCI's or Docker's schema 2, told by their members. Throws `Failure` for
 * anything else, Docker's schema 1 included.
 */
export function parseManifest(bytes: Uint8Array): ManifestDocument {
  const document = parseDocument(bytes, 'manifest')
  const manifests = member(document, 'manifests')
  const config = toDescriptor(member(document, 'config'))
  if (Array.isArray(manifests)) {
    return { kind: 'index', manifests: manifests.map(toDescriptor).filter(item => item !== undefined) }
  }
  if (config === undefined) {
    if (member(document, 'fsLayers') === undefined) {
      throw new Failure('image/damaged', 'The manifest names no configuration')
    }
    const hint = 'Push the image again with a current tool'
    throw new Failure('image/schema1', 'The manifest has the format of Docker before 1.10', { hint })
  }
  const layers = asArray(member(document, 'layers')).map(toDescriptor)
  if (layers.includes(undefined)) throw new Failure('image/damaged', 'The manifest names a layer without digest')
  return { kind: 'manifest', config, layers: layers.filter(item => item !== undefined) }
}

/** JSON that a transport gave; `what` names it in the `Failure` for anything else. */
export function parseDocument(bytes: Uint8Array, what: string): unknown {
  try {
    return parseJson(decodeText(bytes))
  } catch (cause) {
    throw new Failure('image/damaged', `The image's ${what} is no JSON`, { cause })
  }
}

/** True for what stands beside images in an index: attestations (BuildKit), signatures and other artifacts. */
export function isAttachment(descriptor: Descriptor): boolean {
  const { platform, annotations, artifactType } = descriptor
  if (annotations.get('vnd.docker.reference.type') === 'attestation-manifest') return true
  return artifactType !== undefined || (platform?.os === 'unknown' && platform.architecture === 'unknown')
}

/** True where the media type says that it is a list of manifests. */
export function isIndexType(mediaType: string | undefined): boolean {
  return (
    mediaType === 'application/vnd.oci.image.index.v1+json' ||
    mediaType === 'application/vnd.docker.distribution.manifest.list.v2+json'
  )
}

/** An OCI platform as a document has it; undefined where it names no system or architecture. */
export function toPlatform(value: unknown): Platform | undefined {
  const os = asString(member(value, 'os'))
  const architecture = asString(member(value, 'architecture'))
  const variant = asString(member(value, 'variant'))
  if (!os || !architecture) return undefined
  return variant ? { os, architecture, variant } : { os, architecture }
}

function toDescriptor(value: unknown): Descriptor | undefined {
  const digest = member(value, 'digest')
  if (!isDigest(digest)) return undefined
  const size = member(value, 'size')
  const annotations = Object.entries(asObject(member(value, 'annotations')) ?? {})
  return {
    digest,
    mediaType: asString(member(value, 'mediaType')),
    size: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined,
    platform: toPlatform(member(value, 'platform')),
    urls: asStrings(member(value, 'urls')),
    annotations: new Map(annotations.flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : []))),
    artifactType: asString(member(value, 'artifactType')),
  }
}

import { createHash } from 'node:crypto'
import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'

/** How layers are stored. */
export type LayerCompression = 'none' | 'gzip' | 'zstd'

const mediaTypes = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
}

/** A reference to a blob of a layout. */
export interface WrittenBlob {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** Stores bytes in an OCI layout under their digest. */
export function writeBlob(layout: string, mediaType: string, bytes: Uint8Array): WrittenBlob {
  const hex = createHash('sha256').update(bytes).digest('hex')
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true })
  writeFileSync(join(layout, 'blobs/sha256', hex), bytes)
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
}

/** Writes `oci-layout` and `index.json` for these manifests. */
export function writeIndex(layout: string, manifests: readonly object[]): void {
  mkdirSync(layout, { recursive: true })
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType, manifests }))
}

/** Writes an image manifest and returns its descriptor. */
export function writeManifest(layout: string, config: WrittenBlob, layers: readonly object[]): WrittenBlob {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers })
  return writeBlob(layout, mediaType, Buffer.from(manifest))
}

/**
 * Converts an unpacked `docker save` archive (a folder with `manifest.json`) into an OCI layout with the same
 * configuration and the same uncompressed layers, so that image id and diffIDs stay what they are.
 */
export async function convertToOci(saved: string, layout: string, compression: LayerCompression): Promise<WrittenBlob> {
  const [image] = JSON.parse(readFileSync(join(saved, 'manifest.json'), 'utf8')) as [
    { Config: string; Layers: string[]; RepoTags: string[] | null },
  ]
  const configType = 'application/vnd.oci.image.config.v1+json'
  const config = writeBlob(layout, configType, readFileSync(join(saved, image.Config)))
  const layers: WrittenBlob[] = []
  for (const path of image.Layers) layers.push(await writeLayer(layout, join(saved, path), compression))
  const manifest = writeManifest(layout, config, layers)
  const { os, architecture } = JSON.parse(readFileSync(join(saved, image.Config), 'utf8'))
  const name = image.RepoTags?.[0]
  const annotations = name === undefined ? {} : { 'org.opencontainers.image.ref.name': name }
  writeIndex(layout, [{ ...manifest, platform: { os, architecture }, annotations }])
  return manifest
}

/** Stores a layer's tar file; streams, since layers are large. */
async function writeLayer(layout: string, path: string, compression: LayerCompression): Promise<WrittenBlob> {
  const folder = join(layout, 'blobs/sha256')
  const temporary = join(layout, 'layer.part')
  if (compression === 'none') copyFileSync(path, temporary)
  else {
    const encoder = compression === 'gzip' ? createGzip({ level: 1 }) : createZstdCompress()
    await pipeline(createReadStream(path), encoder, createWriteStream(temporary))
  }
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(temporary, { highWaterMark: 2 ** 20 })) hash.update(chunk)
  const hex = hash.digest('hex')
  const size = statSync(temporary).size
  renameSync(temporary, join(folder, hex))
  return { mediaType: mediaTypes[compression], digest: `sha256:${hex}`, size }
}

// As a program: node oci-writer.ts UNPACKED_DOCKER_SAVE LAYOUT none|gzip|zstd
if (import.meta.main) {
  const [, , saved, layout, compression] = argv
  if (saved === undefined || layout === undefined) throw new Error('Give a folder, a layout and a compression')
  const manifest = await convertToOci(saved, layout, compression as LayerCompression)
  console.log(`${layout} ${manifest.digest}`)
}

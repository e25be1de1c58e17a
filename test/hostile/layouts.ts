import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type WrittenBlob, writeBlob, writeIndex, writeManifest } from '#test/images/oci-writer.ts'

/** How a layer of a layout is stored. */
export interface StoredLayer {
  readonly stored: Uint8Array
  /** The uncompressed bytes' digest; of a bomb any. */
  readonly diffId: string
}

/** Members of the documents of a layout, to spoil them. */
export interface LayoutLies {
  readonly layer?: (blob: WrittenBlob) => object
  readonly manifest?: (blob: WrittenBlob) => object
  readonly config?: object
}

const configType = 'application/vnd.oci.image.config.v1+json'
const tar = 'application/vnd.oci.image.layer.v1.tar'

/** The diffID of uncompressed bytes. */
export function diffIdOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Writes an OCI layout with one image of these layers. */
export function writeLayout(layout: string, layers: readonly StoredLayer[], lies: LayoutLies = {}): string {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) }
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs, ...lies.config })
  const described = writeBlob(layout, configType, Buffer.from(config))
  const blobs = layers.map(({ stored }) => {
    const blob = writeBlob(layout, tar, stored)
    return lies.layer?.(blob) ?? blob
  })
  const manifest = writeManifest(layout, described, blobs)
  writeIndex(layout, [lies.manifest?.(manifest) ?? manifest])
  return layout
}

/** The same archive three times, plain and compressed, each made different by `last`. */
export function inEveryEncoding(bytesOf: (encoding: string) => Uint8Array): readonly StoredLayer[] {
  const encoders = { plain: (bytes: Uint8Array) => bytes, gzip: gzipSync, zstd: zstdCompressSync }
  return Object.entries(encoders).map(([encoding, encode]) => {
    const bytes = bytesOf(encoding)
    return { stored: encode(bytes), diffId: diffIdOf(bytes) }
  })
}

/** Puts other bytes under a blob's digest. */
export function replaceBlob(layout: string, digest: string, bytes: Uint8Array | undefined): void {
  const path = join(layout, 'blobs/sha256', digest.slice('sha256:'.length))
  if (bytes === undefined) rmSync(path)
  else writeFileSync(path, bytes)
}

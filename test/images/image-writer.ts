import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type TarItem, tarBytes } from './tar-writer.ts'

/** An image to write, lowest layer first; everything may be wrong on purpose. */
export interface WrittenImage {
  /** Members of each layer, or the bytes of one that is no tar archive of ours. */
  readonly layers: readonly (readonly TarItem[] | Uint8Array)[]
  readonly tags?: readonly string[]
  /** `history` of the configuration. */
  readonly history?: readonly object[]
  /** More members of the configuration, or other values for its own. */
  readonly config?: object
}

/** The uncompressed bytes of an image's layers. */
export function layerBytes({ layers }: WrittenImage): readonly Uint8Array<ArrayBuffer>[] {
  return layers.map(layer => (layer instanceof Uint8Array ? new Uint8Array(layer) : tarBytes(layer)))
}

/** The configuration of an image with these uncompressed layers. */
export function configOf(image: WrittenImage): string {
  const diffIds = layerBytes(image).map(bytes => `sha256:${sha256(bytes)}`)
  const rootfs = { type: 'layers', diff_ids: diffIds }
  const history = image.history === undefined ? {} : { history: image.history }
  return JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs, ...history, ...image.config })
}

/** Writes what `docker save` writes; `change` may spoil a member by its name. Gives the path. */
export function writeDockerArchive(
  path: string,
  images: readonly WrittenImage[],
  change: (item: TarItem) => readonly TarItem[] = item => [item],
): string {
  const items: TarItem[] = []
  const manifest = images.map((image, number) => {
    const config = configOf(image)
    const Config = `${sha256(config)}.json`
    const Layers = layerBytes(image).map((body, index) => {
      const name = `${number}-${index}/layer.tar`
      items.push({ name, body })
      return name
    })
    items.push({ name: Config, body: config })
    return { Config, RepoTags: image.tags ?? [], Layers }
  })
  items.push({ name: 'manifest.json', body: JSON.stringify(manifest) })
  writeFileSync(path, tarBytes(items.flatMap(change)))
  return path
}

/** sha256 in hexadecimal. */
function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { tarBytes } from '#test/images/tar-writer.ts'
import { type Answer, type HostileServer, serve } from './servers.ts'

/** A registry with one image, `shop/web:1`, whose answers a test may replace. */
export interface RegistryServer extends HostileServer {
  /** Documents and blobs by digest. */
  readonly blobs: Map<string, Buffer>
  /** What is done instead of sending something, by path. */
  readonly answers: Map<string, Answer>
  /** Where the image's parts are. */
  readonly paths: { readonly manifest: string; readonly config: string; readonly layer: string }
  /** As `sluice` takes it. */
  readonly target: string
}

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The image's one layer: an npm package of this name. */
export function layerOf(name: string): { readonly tar: Uint8Array; readonly stored: Buffer } {
  const tar = tarBytes([{ name: `node_modules/${name}/package.json`, body: `{"name":"${name}","version":"1.0.0"}` }])
  return { tar, stored: gzipSync(tar) }
}

/** Starts a registry; `guard` may answer before everything else, and says so by returning true. */
export async function startRegistryServer(guard: (...request: Parameters<Answer>) => boolean = () => false) {
  const blobs = new Map<string, Buffer>()
  const answers = new Map<string, Answer>()
  const put = (type: string, content: Buffer | object) => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const digest = digestOf(bytes)
    blobs.set(digest, bytes)
    return { mediaType: type, digest, size: bytes.length }
  }
  const { tar, stored } = layerOf('seen')
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] }
  const config = put(mediaTypes.config, { os: 'linux', architecture: 'amd64', rootfs })
  const layer = put(mediaTypes.layer, stored)
  const content = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] }
  const manifest = put(mediaTypes.manifest, content)
  const server = await serve((request, response) => {
    if (guard(request, response)) return
    const answer = answers.get(request.url!)
    if (answer !== undefined) return answer(request, response)
    const name = request.url!.split('/').at(-1)!
    const bytes = blobs.get(name === '1' ? manifest.digest : name)
    if (bytes === undefined) return response.writeHead(404).end()
    const type = request.url!.includes('/manifests/')
      ? JSON.parse(bytes.toString()).mediaType
      : 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes)
  })
  const at = (kind: string, name: string) => `/v2/shop/web/${kind}/${name}`
  const paths = { manifest: at('manifests', '1'), config: at('blobs', config.digest), layer: at('blobs', layer.digest) }
  return { ...server, blobs, answers, paths, put, content, target: `registry:${server.host}/shop/web:1` }
}

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '#lib/json.ts'
import { type TarFile, writeTar } from '#lib/tar-write.ts'
import { readTree } from './demo-files.ts'

/** The layers, lowest first: folders beside `config.json`, each of which is seen from `/`. */
const layerFolders = ['base', 'app']

/**
 * Puts an image together from a folder of plain files and writes it as `docker save` of Docker 25 does
 * (https://github.com/moby/docker-image-spec).
 */
export async function writeDemoImage(folder: string, file: string): Promise<void> {
  const layers = await Promise.all(layerFolders.map(async name => blobOf(writeTar(await readTree(join(folder, name))))))
  const [configFile] = (await readTree(folder)).filter(({ name }) => name === 'config.json')
  const described = parseJson(new TextDecoder().decode(configFile!.body)) as Record<string, unknown>
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => `sha256:${digest}`) }
  const config = blobOf(encode({ ...described, rootfs }))
  const manifest = [{ Config: config.name, RepoTags: ['shop:demo'], Layers: layers.map(({ name }) => name) }]
  await writeFile(file, writeTar([...layers, config, { name: 'manifest.json', body: encode(manifest) }]))
}

function blobOf(body: Uint8Array): TarFile & { readonly digest: string } {
  const digest = createHash('sha256').update(body).digest('hex')
  return { name: `blobs/sha256/${digest}`, digest, body }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

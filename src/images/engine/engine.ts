import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createHttpClient, type HttpResponse, readBody } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import { asString, asStrings, member, parseJson } from '#lib/json.ts'
import type { EngineAddress } from './address.ts'

/** What an engine knows of an image. */
export interface EngineImage {
  /** Digest of the configuration. */
  readonly id: string
  /** `shop/web:1` */
  readonly tags: readonly string[]
  /** `shop/web@sha256:…`, for what was pulled or pushed. */
  readonly digests: readonly string[]
  /** Bytes unpacked: about what the export has. */
  readonly size: number | undefined
}

/** Docker's API (https://docs.docker.com/reference/api/engine/), as far as images are read by it. */
export interface Engine {
  /** Undefined where the engine does not have it. */
  readonly inspect: (name: string, signal?: AbortSignal) => Promise<EngineImage | undefined>
  /** The archive that `docker save` writes, of one image. */
  readonly save: (id: string, signal?: AbortSignal) => Promise<HttpResponse>
  readonly close: () => void
}

const maxInspect = 16 * 2 ** 20
/** Docker writes the whole export to its own disk before the first byte comes. */
const exportIdle = 900_000

/** Opens an engine; `patience` is milliseconds for its answers other than the export. */
export async function openEngine(address: EngineAddress, patience = 60_000): Promise<Engine> {
  const client = createHttpClient({
    ...{ connectTimeout: Math.min(patience, 15_000), idleTimeout: patience, retries: 0 },
    ...(await certificatesIn(address.certificates)),
  })

  async function get(path: string, options: { signal?: AbortSignal; idleTimeout?: number }): Promise<HttpResponse> {
    const { origin, socketPath } = address
    return await client.request({ url: `${origin}${path}`, socketPath, ...options }).catch((error: unknown) => {
      throw unreachable(error, address)
    })
  }

  return {
    inspect: async (name, signal) => {
      const response = await get(`/images/${pathOf(name)}/json`, { signal })
      if (response.status === 404) {
        response.discard()
        return undefined
      }
      if (response.status !== 200) throw await refused(response, address)
      return imageOf(await readBody(response, maxInspect), address)
    },
    save: async (id, signal) => {
      const response = await get(`/images/${pathOf(id)}/get`, { signal, idleTimeout: exportIdle })
      if (response.status !== 200) throw await refused(response, address)
      return response
    },
    close: client.close,
  }
}

/** True for what may stand in the API's path: a reference or an id, nothing that climbs or asks. */
export function isImageName(name: string): boolean {
  return /^[A-Za-z0-9[][\w.:/@[\]-]{0,511}$/.test(name) && !name.split('/').some(part => /^\.*$/.test(part))
}

function pathOf(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

function imageOf(body: Buffer, address: EngineAddress): EngineImage {
  let answer: unknown
  try {
    answer = parseJson(body.toString('utf8'))
  } catch (cause) {
    throw new Failure('engine/refused', `${address.label} does not answer as an engine does`, { cause })
  }
  const id = asString(member(answer, 'Id')) ?? ''
  const digest = id.startsWith('sha256:') ? id : `sha256:${id}`
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Failure('engine/refused', `${address.label} names no id for the image`)
  }
  const size = member(answer, 'Size')
  return {
    id: digest,
    tags: asStrings(member(answer, 'RepoTags')).filter(tag => tag !== '<none>:<none>'),
    digests: asStrings(member(answer, 'RepoDigests')),
    size: typeof size === 'number' && size > 0 ? size : undefined,
  }
}

async function refused(response: HttpResponse, address: EngineAddress): Promise<Failure> {
  const body = await readBody(response, 65_536).catch(() => Buffer.alloc(0))
  let said = ''
  try {
    said = asString(member(parseJson(body.toString('utf8')), 'message')) ?? ''
  } catch {
    // Not JSON: the status is all there is.
  }
  const words = said.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300)
  const detail = words === '' ? '' : `: ${words}`
  return new Failure('engine/refused', `${address.label} answered with status ${response.status}${detail}`)
}

function unreachable(error: unknown, address: EngineAddress): unknown {
  if (!(error instanceof Failure)) return error
  const code = (error.cause as { code?: unknown } | undefined)?.code
  const isForbidden = code === 'EACCES' || code === 'EPERM'
  const hint = isForbidden
    ? `Your user may not use ${address.label}: join the group that owns it, or run as that user`
    : 'Start the engine, or name its address in DOCKER_HOST'
  return new Failure(
    'engine/unreachable',
    `The engine at ${address.label} cannot be asked (${code ?? error.message})`,
    {
      hint,
      cause: error,
    },
  )
}

async function certificatesIn(folder: string | undefined) {
  if (folder === undefined) return {}
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined)
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
  const identity = cert !== undefined && key !== undefined ? { identity: { cert, key } } : {}
  return { ...identity, ...(ca === undefined ? {} : { certificateAuthorities: [ca] }) }
}

import { createHash } from 'node:crypto'
import { type HttpClient, type HttpRequest, type HttpResponse, readBody } from '#io/http.ts'
import { resumableBody } from '#io/http-resume.ts'
import { Failure } from '#lib/failure.ts'
import { asArray, asString, member, parseJson } from '#lib/json.ts'
import { createAuthorizer } from './authorization.ts'
import type { Credential } from './credential.ts'
import { type Endpoint, schemeOf } from './endpoint.ts'

/** A manifest or index as a registry sent it, its digest proved. */
interface FetchedManifest {
  readonly bytes: Buffer
  readonly mediaType: string
  /** sha256 of the bytes, or the digest that was asked for. */
  readonly digest: string
}

/** One repository at one endpoint (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md). */
export interface Repository {
  readonly endpoint: Endpoint
  /** By tag or digest. Throws `Failure` with a `registry/…` code. */
  readonly manifest: (tagOrDigest: string) => Promise<FetchedManifest>
  /** One answer with a blob's bytes, or the part of them that `headers` ask for. */
  readonly blob: (digest: string, wanted?: Wanted) => Promise<HttpResponse>
}

/** How a blob is wanted. */
type Wanted = Pick<HttpRequest, 'headers' | 'signal'>

/** What repositories are opened with. */
export interface RepositoryOptions {
  readonly client: HttpClient
  readonly credential: (endpoint: Endpoint) => Promise<Credential | undefined>
  readonly now: () => number
  readonly signal?: AbortSignal
  /** Ends requests for manifests, default `signal`. */
  readonly documents?: AbortSignal
}

/** Media types that Sluice can read, and the one that it can name while refusing it. */
const manifestTypes: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

/**
 * A manifest, an index or a configuration: what the specification asks registries to take, and other clients read no
 * more. JSON takes up to forty times its size once it is parsed.
 */
export const maxDocument = 4 * 2 ** 20
const maxErrorBody = 65_536

/** Opens a repository; the first request is made when something is asked for. */
export function openRepository(endpoint: Endpoint, options: RepositoryOptions): Repository {
  const { client } = options
  const ready = once(async () => {
    const scheme = await schemeOf(endpoint, client, options.signal)
    const { origin } = new URL(`${scheme}//${endpoint.address}`)
    const authorizer = createAuthorizer({
      ...{ client, host: endpoint.host, origin, repository: endpoint.repository, now: options.now },
      credential: () => options.credential(endpoint),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    return { origin, authorizer }
  })

  async function get(path: string, wanted: Wanted): Promise<HttpResponse> {
    const { headers = {}, signal = options.signal } = wanted
    const { origin, authorizer } = await unlessAborted(ready(), signal).catch((error: unknown) => {
      throw unreachable(error, endpoint)
    })
    for (let attempt = 0; ; attempt++) {
      const authorization = authorizer.header()
      const request = client.request({
        url: `${origin}/v2/${endpoint.repository}/${path}`,
        headers: authorization === undefined ? headers : { ...headers, authorization },
        signal,
      })
      const response = await request.catch((error: unknown) => {
        throw unreachable(error, endpoint)
      })
      if (response.status !== 401 || attempt >= 2) return response
      const again = await unlessAborted(authorizer.answer(response, authorization), signal).finally(response.discard)
      if (!again) return response
    }
  }

  return {
    endpoint,
    manifest: async tagOrDigest => {
      const accept = manifestTypes.join(', ')
      const response = await get(`manifests/${tagOrDigest}`, { headers: { accept }, signal: options.documents })
      if (response.status !== 200) throw await refusal(response, endpoint, tagOrDigest)
      const bytes = await readBody(response, maxDocument)
      return checkManifest(bytes, response, { endpoint, tagOrDigest })
    },
    blob: async (digest, wanted = {}) => {
      const response = await get(`blobs/${digest}`, wanted)
      if (response.status === 200 || response.status === 206) return response
      throw await refusal(response, endpoint, digest)
    },
  }
}

/** A blob's bytes over as many connections as it takes, from the first repository that has it. Ends one chunk after `size`. */
export async function* blobBody(
  repositories: readonly Repository[],
  blob: { readonly digest: string; readonly size?: number },
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const body = resumableBody({
    open: headers => firstOf(repositories, repository => repository.blob(blob.digest, { headers, signal })),
    sameBytes: true,
    ...(signal === undefined ? {} : { signal }),
  })
  let size = 0
  for await (const chunk of body) {
    yield chunk
    size += chunk.length
    // Whoever verifies sees that it is too long; there is no need to read an endless rest.
    if (blob.size !== undefined && size > blob.size) return
  }
}

/** The first answer; where none gives one, what the last said: that is the registry itself, not a mirror. */
export async function firstOf<T>(
  repositories: readonly Repository[],
  ask: (repository: Repository) => Promise<T>,
): Promise<T> {
  for (const repository of repositories.slice(0, -1)) {
    try {
      return await ask(repository)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }
  const origin = repositories.at(-1)
  if (origin === undefined) throw new Error('no repository to ask')
  return ask(origin)
}

function checkManifest(
  bytes: Buffer,
  response: HttpResponse,
  asked: { readonly endpoint: Endpoint; readonly tagOrDigest: string },
): FetchedManifest {
  const { endpoint, tagOrDigest } = asked
  const mediaType = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  // First: the digest of a signed manifest of that kind leaves its signatures out.
  refuseSchema1(bytes, mediaType, endpoint)
  const wanted = tagOrDigest.includes(':') ? tagOrDigest : undefined
  const claimed = response.headers['docker-content-digest']
  for (const digest of [wanted, claimed]) {
    if (digest === undefined || digest === digestLike(digest, bytes)) continue
    const what = digest === wanted ? 'that was asked for' : 'that it claims'
    throw new Failure(
      'registry/digest-mismatch',
      `${endpoint.host} sent a manifest of ${endpoint.repository} that is not the one ${what}`,
      { hint: 'The registry, a mirror or a proxy in between changed it; do not use the image' },
    )
  }
  return { bytes, mediaType, digest: wanted ?? digestLike('sha256:', bytes) }
}

function refuseSchema1(bytes: Buffer, mediaType: string, endpoint: Endpoint): void {
  const isNamed = mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+')
  const parsed = isNamed ? undefined : parsedOrUndefined(bytes)
  if (!isNamed && !(member(parsed, 'schemaVersion') === 1 && member(parsed, 'fsLayers') !== undefined)) return
  throw new Failure('image/schema1', `${endpoint.repository} has a manifest of Docker's first schema`, {
    hint: 'Push the image again with a current client: this format cannot be verified and registries retired it',
  })
}

function digestLike(like: string, bytes: Buffer): string {
  const algorithm = like.startsWith('sha512:') ? 'sha512' : 'sha256'
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

function unreachable(error: unknown, endpoint: Endpoint): unknown {
  const codes = ['http/unreachable', 'http/timeout', 'http/cut', 'http/not-tls', 'http/certificate', 'http/proxy']
  if (!(error instanceof Failure) || !codes.includes(error.code)) return error
  const { host } = endpoint
  const hints = new Map([
    ['http/not-tls', `If ${host} is meant to be used without TLS: --insecure-registry ${host}`],
    ['http/certificate', `Put its authority into ~/.config/containers/certs.d/${host}/ca.crt or NODE_EXTRA_CA_CERTS`],
  ])
  const hint = hints.get(error.code) ?? error.hint ?? 'Check the name, the network and the proxy'
  return new Failure('registry/unreachable', error.message, { hint, cause: error })
}

/** What an answer other than the thing means (section "Error Codes" of the specification). */
async function refusal(response: HttpResponse, endpoint: Endpoint, what: string): Promise<Failure> {
  const codes = await errorCodes(response)
  const separator = what.includes(':') ? '@' : ':'
  const name = `${endpoint.repository}${separator}${what}`
  const said = `status ${response.status}${codes === '' ? '' : `, ${codes}`}`
  const { host } = endpoint
  if (response.status === 401 || response.status === 403) {
    return new Failure('registry/unauthorized', `${host} refuses access to ${name} (${said})`, {
      hint: `It needs a login (docker login ${host}), other rights, or does not exist`,
    })
  }
  if (response.status === 404) {
    return new Failure('registry/not-found', `${host} does not have ${name} (${said})`, {
      hint: 'Check the repository and the tag; some registries hide what needs a login',
    })
  }
  if (response.status === 429) {
    return new Failure('registry/rate-limited', `${host} allows no more requests for now (${said})`, {
      hint: `Wait, log in (docker login ${host}), or name a mirror`,
    })
  }
  return new Failure('registry/unreachable', `${host} answered the request for ${name} with an error (${said})`)
}

/** Codes only: the messages beside them are the server's own words and may repeat what was sent. */
async function errorCodes(response: HttpResponse): Promise<string> {
  try {
    const errors = asArray(member(parsedOrUndefined(await readBody(response, maxErrorBody)), 'errors'))
    const codes = errors.map(error => asString(member(error, 'code')) ?? '')
    return codes
      .filter(code => /^[A-Z_]{1,40}$/.test(code))
      .slice(0, 3)
      .join(', ')
  } catch {
    return ''
  }
}

function parsedOrUndefined(bytes: Buffer): unknown {
  try {
    return parseJson(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** What others wait for as well goes on, but whoever was told to stop no longer waits for it. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

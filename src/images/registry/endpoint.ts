import type { HttpClient } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import type { Reference } from './reference.ts'

/** Where a repository's manifests and blobs are asked for: the registry itself or a mirror of it. */
export interface Endpoint {
  /** `host[:port]` as credentials and messages name it. */
  readonly host: string
  /** `host[:port]` that is connected to. */
  readonly address: string
  /** The repository there: a mirror may keep it under a prefix. */
  readonly repository: string
  /** True where plain HTTP will do: named so by a person, or this machine. */
  readonly insecure: boolean
}

/** What decides on endpoints. */
export interface EndpointOptions {
  /** Mirrors by registry, asked before it: `host[:port][/prefix]`, with `http://` where plain HTTP is meant. */
  readonly mirrors: ReadonlyMap<string, readonly string[]>
  readonly insecure: readonly string[]
}

const mirrorText =
  /^(https?:\/\/)?((?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?)((?:\/[a-z0-9][a-z0-9._-]*)*)\/?$/

/** The endpoints of a reference, in the order in which they are asked: mirrors first. Throws `reference/invalid` for an odd mirror. */
export function endpointsOf(reference: Reference, options: EndpointOptions): readonly Endpoint[] {
  const { registry, repository } = reference
  const isPlain = (host: string) => options.insecure.includes(host) || isThisMachine(host)
  const mirrors = (options.mirrors.get(registry) ?? []).map(text => {
    const [, scheme, host = '', prefix = ''] = mirrorText.exec(text) ?? []
    if (host === '') {
      throw new Failure('reference/invalid', `A mirror of ${registry} is not a host`, {
        hint: 'Write host[:port][/prefix], with http:// in front where plain HTTP is meant',
      })
    }
    const path = [...prefix.split('/').filter(part => part !== ''), repository].join('/')
    const insecure = scheme === 'http://' || (scheme === undefined && isPlain(host))
    return { host, address: host, repository: path, insecure }
  })
  // Docker Hub's API has never lived at its name.
  const address = registry === 'docker.io' ? 'registry-1.docker.io' : registry
  return [...mirrors, { host: registry, address, repository, insecure: isPlain(registry) }]
}

/** Reads `docker.io=mirror.example:5000,quay.io=mirror.example/quay`; the order of a registry's mirrors is kept. */
export function parseMirrors(text: string | undefined): ReadonlyMap<string, readonly string[]> {
  const mirrors = new Map<string, string[]>()
  for (const item of (text ?? '').split(/[\s,;]+/)) {
    const equals = item.indexOf('=')
    if (equals <= 0) continue
    const registry = item.slice(0, equals).toLowerCase()
    mirrors.set(registry, [...(mirrors.get(registry) ?? []), item.slice(equals + 1)])
  }
  return mirrors
}

/** Without the port: what a URL's `hostname` is compared with. */
export function hostNameOf(host: string): string {
  return new URL(`http://${host}`).hostname
}

/**
 * `https:` or, for insecure endpoints that do not speak TLS, `http:`; as Docker does it. Nothing secret is sent while
 * it is found out. Throws what the plain attempt threw where neither answers.
 */
export async function schemeOf(endpoint: Endpoint, client: HttpClient, signal?: AbortSignal): Promise<string> {
  if (!endpoint.insecure) return 'https:'
  try {
    const response = await client.request({ url: `https://${endpoint.address}/v2/`, retries: 0, ...withSignal(signal) })
    response.discard()
    return 'https:'
  } catch (error) {
    const isNoTls = error instanceof Failure && ['http/not-tls', 'http/unreachable', 'http/cut'].includes(error.code)
    if (!isNoTls) throw error
    return 'http:'
  }
}

function withSignal(signal: AbortSignal | undefined) {
  return signal === undefined ? {} : { signal }
}

function isThisMachine(host: string): boolean {
  if (!URL.canParse(`http://${host}`)) return false
  const name = hostNameOf(host)
  return name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

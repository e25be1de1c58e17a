import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '#lib/failure.ts'
import { asString, member, parseJson } from '#lib/json.ts'

/** Where an engine answers Docker's API. */
export interface EngineAddress {
  /** For messages: the socket's path, or `host:port`. */
  readonly label: string
  /** What paths of the API are added to. */
  readonly origin: string
  readonly socketPath?: string
  /** Folder with `ca.pem`, `cert.pem` and `key.pem` for an engine that asks for them. */
  readonly certificates?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Engines that speak Docker's API. */
export type EngineKind = 'docker' | 'podman'

/**
 * The engine's address: what `DOCKER_HOST` (`CONTAINER_HOST` for Podman) or Docker's context names, else the first
 * usual socket that exists, else undefined. Throws `engine/unreachable` for an address of a kind that is not supported.
 */
export async function engineAddress(kind: EngineKind, environment: Environment): Promise<EngineAddress | undefined> {
  const named =
    kind === 'docker' ? environment.DOCKER_HOST || (await contextHost(environment)) : environment.CONTAINER_HOST
  if (named) return addressOf(named, environment)
  for (const path of usualSockets(kind, environment)) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isSocket()) return socketAddress(path)
  }
  return undefined
}

/** The sockets that are tried, for messages and in this order. */
export function usualSockets(kind: EngineKind, environment: Environment): readonly string[] {
  const runtime = environment.XDG_RUNTIME_DIR
  const home = environment.HOME
  const own = (path: string | undefined, ...rest: string[]) => (path ? [join(path, ...rest)] : [])
  if (kind === 'podman') return [...own(runtime, 'podman', 'podman.sock'), '/run/podman/podman.sock']
  return ['/var/run/docker.sock', ...own(runtime, 'docker.sock'), ...own(home, '.docker', 'run', 'docker.sock')]
}

function addressOf(text: string, environment: Environment): EngineAddress {
  if (text.startsWith('unix://')) return socketAddress(text.slice('unix://'.length))
  if (text.startsWith('npipe://')) return socketAddress(text.slice('npipe://'.length).replaceAll('/', '\\'))
  const isTls = Boolean(environment.DOCKER_TLS_VERIFY) || text.startsWith('https://')
  const url = text.replace(/^tcp:\/\//, isTls ? 'https://' : 'http://')
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new Failure('engine/unreachable', 'The address of the engine is neither unix:// nor tcp://', {
      hint: 'For ssh://, forward the socket (ssh -L engine.sock:/var/run/docker.sock HOST) and name it in DOCKER_HOST',
    })
  }
  if (parsed.port === '') parsed.port = isTls ? '2376' : '2375'
  const home = environment.HOME
  const certificates = environment.DOCKER_CERT_PATH || (home ? join(home, '.docker') : undefined)
  const address = { label: parsed.host, origin: parsed.origin }
  return isTls && certificates !== undefined ? { ...address, certificates } : address
}

function socketAddress(path: string): EngineAddress {
  return { label: path, origin: 'http://localhost', socketPath: path }
}

/** https://docs.docker.com/engine/manage-resources/contexts/: a context's folder is named by the digest of its name. */
async function contextHost(environment: Environment): Promise<string | undefined> {
  const home = environment.HOME
  const folder = environment.DOCKER_CONFIG || (home ? join(home, '.docker') : undefined)
  if (folder === undefined) return undefined
  const config = await readJson(join(folder, 'config.json'))
  const name = environment.DOCKER_CONTEXT || asString(member(config, 'currentContext'))
  if (!name || name === 'default') return undefined
  const id = createHash('sha256').update(name).digest('hex')
  const meta = await readJson(join(folder, 'contexts', 'meta', id, 'meta.json'))
  return asString(member(member(member(meta, 'Endpoints'), 'docker'), 'Host'))
}

async function readJson(path: string): Promise<unknown> {
  try {
    return parseJson(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '#lib/failure.ts'
import { asString, type JsonObject, member, parseJson } from '#lib/json.ts'
import type { Credential } from './credential.ts'
import { askCredentialHelper } from './credential-helper.ts'
import type { Reference } from './reference.ts'

type Environment = Readonly<Record<string, string | undefined>>

const maxConfigBytes = 1_048_576
/** The key under which Docker has always kept Docker Hub. */
const hubKey = 'https://index.docker.io/v1/'

/**
 * The credential for a repository, or undefined: from `REGISTRY_AUTH_FILE`, `DOCKER_AUTH_CONFIG`, Docker's
 * `config.json` (`DOCKER_CONFIG`) and the `auth.json` of Podman and Skopeo, in that order; in each, credential helpers
 * before `auths`, a key with a longer path before the host alone. Throws `registry/credentials` for a file that is
 * damaged or a helper that fails. https://docs.docker.com/reference/cli/docker/login/#credential-stores
 */
export async function findCredential(
  reference: Pick<Reference, 'registry' | 'repository'>,
  environment: Environment,
): Promise<Credential | undefined> {
  for await (const config of configurations(environment)) {
    const found = await credentialIn(config, reference, environment)
    if (found !== undefined) return found
  }
  return undefined
}

async function* configurations(environment: Environment): AsyncGenerator<unknown> {
  const inline = environment.DOCKER_AUTH_CONFIG
  const home = environment.HOME ?? environment.USERPROFILE
  const docker = environment.DOCKER_CONFIG ?? (home === undefined ? undefined : join(home, '.docker'))
  const runtime = environment.XDG_RUNTIME_DIR
  const settings = environment.XDG_CONFIG_HOME ?? (home === undefined ? undefined : join(home, '.config'))
  if (environment.REGISTRY_AUTH_FILE) yield* configuration(environment.REGISTRY_AUTH_FILE)
  if (inline) yield parseConfiguration(inline, 'DOCKER_AUTH_CONFIG')
  if (docker) yield* configuration(join(docker, 'config.json'))
  if (runtime) yield* configuration(join(runtime, 'containers', 'auth.json'))
  if (settings) yield* configuration(join(settings, 'containers', 'auth.json'))
}

async function* configuration(path: string): AsyncGenerator<unknown> {
  const text = await readConfiguration(path)
  if (text !== undefined && text.trim() !== '') yield parseConfiguration(text, path)
}

async function readConfiguration(path: string): Promise<string | undefined> {
  const file = await open(path).catch((error: unknown) => {
    const code = (error as { code?: unknown }).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined
    throw damaged(path, error)
  })
  if (file === undefined) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxConfigBytes), 0, maxConfigBytes, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    throw damaged(path, error)
  } finally {
    await file.close()
  }
}

function parseConfiguration(text: string, place: string): unknown {
  try {
    return parseJson(text)
  } catch {
    // The parser's message quotes the text, which holds passwords.
    throw damaged(place, undefined)
  }
}

function damaged(place: string, cause: unknown): Failure {
  return new Failure('registry/credentials', `The credentials in ${place} cannot be read`, {
    hint: 'Log in again (docker login), or remove the file if nothing in it is needed',
    cause,
  })
}

async function credentialIn(
  config: unknown,
  reference: Pick<Reference, 'registry' | 'repository'>,
  environment: Environment,
): Promise<Credential | undefined> {
  const { registry, repository } = reference
  const hosts = registry === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [registry]
  const helpers = member(config, 'credHelpers')
  const chosen = [hubKey, ...hosts].map(host => asString(member(helpers, host)))
  const own = (registry === 'docker.io' ? chosen : chosen.slice(1)).find(name => name !== undefined && name !== '')
  const helper = own ?? asString(member(config, 'credsStore'))
  if (helper !== undefined && helper !== '') {
    const found = await askCredentialHelper(helper, registry === 'docker.io' ? hubKey : registry, environment)
    if (found !== undefined) return found
  }
  return entryIn(member(config, 'auths'), hosts, repository)
}

function entryIn(auths: unknown, hosts: readonly string[], repository: string): Credential | undefined {
  const entries = new Map<string, unknown>()
  for (const [key, entry] of Object.entries((auths ?? {}) as JsonObject)) {
    const name = plainKey(key)
    if (!entries.has(name)) entries.set(name, entry)
  }
  const path = repository.split('/')
  for (let length = path.length; length >= 0; length--) {
    for (const host of hosts) {
      const entry = entries.get([host, ...path.slice(0, length)].join('/'))
      const found = entry === undefined ? undefined : credentialOf(entry)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Keys are hosts, with a path in Podman's files; older ones are the URL of the API, whose `/v1/` is no path. */
function plainKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '')
  const [host = '', ...path] = bare.split('/').filter(part => part !== '')
  const rest = path[0] === 'v1' || path[0] === 'v2' ? [] : path
  return [host.toLowerCase(), ...rest].join('/')
}

function credentialOf(entry: unknown): Credential | undefined {
  const bearer = asString(member(entry, 'registrytoken'))
  if (bearer && !/^[\x21-\x7e]+$/.test(bearer)) {
    throw new Failure('registry/credentials', 'A stored registry token holds characters that none may have', {
      hint: 'Log in again (docker login)',
    })
  }
  if (bearer) return { kind: 'bearer', token: bearer }
  const identity = asString(member(entry, 'identitytoken'))
  if (identity) return { kind: 'identity', token: identity }
  const pair = Buffer.from(asString(member(entry, 'auth')) ?? '', 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  if (colon > 0) {
    // Old Docker versions padded the password with NUL bytes.
    return { kind: 'password', user: pair.slice(0, colon), password: pair.slice(colon + 1).replaceAll('\0', '') }
  }
  const user = asString(member(entry, 'username'))
  const password = asString(member(entry, 'password'))
  return user && password !== undefined ? { kind: 'password', user, password } : undefined
}

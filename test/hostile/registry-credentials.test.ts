import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openCage } from './cage.ts'
import { startRegistryServer } from './registry-server.ts'
import { type Answer, drip, type HostileServer, pour, serve } from './servers.ts'

const cage = openCage('registry-credentials')
type Registry = Awaited<ReturnType<typeof startRegistryServer>>

const password = `Basic ${Buffer.from('me:hush').toString('base64')}`
const token = 'Bearer for-the-registry-only'

let registry: Registry
/** The token service that the registry names. */
let service: HostileServer
/** Where the others try to lead to. */
let elsewhere: HostileServer
/** What the registry, the service and the other host do, by test. */
let challenge: string | undefined
let grant: Answer
let trap: Answer

const good: Answer = (_request, response) => response.end(JSON.stringify({ token: token.slice(7) }))

beforeAll(async () => {
  registry = await startRegistryServer((request, response) => {
    if (challenge === undefined || request.headers.authorization === token) return false
    response.writeHead(401, { 'www-authenticate': challenge }).end()
    return true
  })
  service = await serve((...call) => grant(...call))
  elsewhere = await serve((...call) => trap(...call), '127.0.0.2')
})
beforeEach(() => {
  for (const server of [registry, service, elsewhere]) server.seen.length = 0
  registry.answers.clear()
  challenge = `Bearer realm="${service.origin}/token",service="test"`
  grant = good
  trap = (_request, response) => response.end('{}')
})
afterAll(async () => {
  for (const server of [registry, service, elsewhere]) await server.close()
  cage.close()
})

const login = (host: string) => ({ auths: { [host]: { auth: Buffer.from('me:hush').toString('base64') } } })

/** Runs `sbom` with Docker's configuration as given, whatever it is. */
async function list(
  config: string | object = login(registry.host),
  environment: Readonly<Record<string, string>> = {},
) {
  const folder = cage.next()
  mkdirSync(folder)
  writeFileSync(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  return listIn(folder, environment)
}

async function listIn(folder: string, environment: Readonly<Record<string, string>> = {}) {
  const own = { DOCKER_CONFIG: folder, REGISTRY_AUTH_FILE: '', DOCKER_AUTH_CONFIG: '', XDG_RUNTIME_DIR: '' }
  const words = ['sbom', registry.target, '-q', '-o', 'json', '--limit', 'target-seconds=5']
  const ended = await cage.probe(words, { environment: { ...own, ...environment } })
  for (const text of [ended.stdout, ended.stderr]) expect(text).not.toMatch(/hush|for-the-registry|bWU6aHVzaA/)
  const names: string[] =
    ended.code === 2 ? [] : JSON.parse(ended.stdout).packages.map(({ name }: { name: string }) => name)
  return { code: ended.code, stderr: ended.stderr, names }
}

/** Every `Authorization` that a server saw. */
const sentTo = (server: HostileServer) => [...new Set(server.seen.map(({ headers }) => headers.authorization ?? '-'))]
const secretsOf = (server: HostileServer) => JSON.stringify(server.seen.map(({ headers }) => headers))
const redirect =
  (to: () => string): Answer =>
  (_request, response) =>
    response.writeHead(307, { location: to() }).end()

describe('a credential', () => {
  it('goes to the token service, and the token to the registry', async () => {
    const ended = await list()

    expect(ended).toMatchObject({ code: 0, names: ['seen'] })
    expect(sentTo(service)).toEqual([password])
    expect(sentTo(registry)).toEqual(['-', token])
    expect(elsewhere.seen).toEqual([])
  })

  it.each(['manifest', 'config', 'layer'] as const)(
    'stays where it is when a redirect leads elsewhere: %s',
    async part => {
      const path = registry.paths[part]
      registry.answers.set(
        path,
        redirect(() => `${elsewhere.origin}/stolen?x=1`),
      )
      trap = (_request, response) => {
        response
          .writeHead(401, { 'www-authenticate': `Basic realm="x", Bearer realm="${elsewhere.origin}/token"` })
          .end()
      }

      const ended = await list()

      expect(ended.names).toEqual([])
      expect(elsewhere.seen.map(({ path: asked }) => asked)).toContain('/stolen?x=1')
      expect(sentTo(elsewhere)).toEqual(['-'])
      expect(secretsOf(elsewhere)).not.toMatch(/hush|for-the-registry|bWU6aHVzaA/)
    },
  )

  it('is not sent again when the other host leads back', async () => {
    registry.answers.set(
      registry.paths.config,
      redirect(() => `${elsewhere.origin}/back`),
    )
    trap = redirect(() => `${registry.origin}${registry.paths.layer}`)

    const ended = await list()

    expect(ended.code).toBe(2)
    expect(sentTo(elsewhere)).toEqual(['-'])
    expect(
      registry.seen.filter(({ path }) => path === registry.paths.layer).map(({ headers }) => headers.authorization),
    ).toEqual([undefined])
  })

  it('does not follow the token service elsewhere', async () => {
    grant = redirect(() => `${elsewhere.origin}/token`)
    trap = (_request, response) => response.end('{"token":"taken"}')

    const ended = await list()

    expect(ended.code).toBe(2)
    expect(sentTo(elsewhere)).toEqual(['-'])
    expect(secretsOf(elsewhere)).not.toContain('bWU6aHVzaA')
  })

  it('of one registry is not for another, whatever that says', async () => {
    challenge = 'Basic realm="registry.example.com"'

    const ended = await list(login('registry.example.com'))

    expect(ended.code).toBe(2)
    expect(sentTo(registry)).toEqual(['-'])
  })

  it('of a registry is not for its mirror', async () => {
    const mirrors = { SLUICE_MIRRORS: `${registry.host}=http://${elsewhere.host}` }
    trap = (_request, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()

    const ended = await list(login(registry.host), mirrors)

    expect(ended).toMatchObject({ code: 0, names: ['seen'] })
    expect(elsewhere.seen.length).toBeGreaterThan(0)
    expect(sentTo(elsewhere)).toEqual(['-'])
  })

  it.each<readonly [string, string]>([
    ['cloud metadata', 'http://169.254.169.254/token'],
    ['cloud metadata by IPv6', 'http://[fd00:ec2::254]/token'],
    ['cloud metadata as a number', 'http://2852039166/token'],
    ['no address', 'http://0.0.0.0/token'],
    ['a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
    ['a user name', 'http://me:hush@127.0.0.1/token'],
    ['nothing', ''],
    ['a relative address', '/token'],
    ['very much', `http://127.0.0.1:1/${'x'.repeat(12_000)}`],
  ])('does not go to a service at %s', async (_title, realm) => {
    challenge = `Bearer realm="${realm}"`

    const ended = await list()

    expect(ended).toMatchObject({ code: 2, names: [] })
    expect(sentTo(registry)).toEqual(['-'])
    expect(service.seen.length + elsewhere.seen.length).toBe(0)
  })
})

describe('a token service', () => {
  it.each<readonly [string, Answer]>([
    ['gives a token of two lines', (_request, response) => response.end('{"token":"a\\r\\nx-evil: 1"}')],
    ['gives a token of control characters', (_request, response) => response.end('{"token":"\\u001b[31m"}')],
    ['gives no token', (_request, response) => response.end('{"__proto__":{"token":"x"}}')],
    ['gives a number', (_request, response) => response.end('{"token":1}')],
    [
      'gives a token of a megabyte',
      (_request, response) => response.end(JSON.stringify({ token: 'x'.repeat(900_000) })),
    ],
    ['answers without end', (_request, response) => pour(response)],
    ['answers a byte at a time', (_request, response) => drip(response, '{"token":')],
    ['does not answer', () => undefined],
    [
      'refuses for ever',
      (_request, response) => response.writeHead(401, { 'www-authenticate': 'Bearer realm="/"' }).end(),
    ],
    ['gives what is refused', (_request, response) => response.end('{"token":"another"}')],
    [
      'gives what is refused, and over at once',
      (_request, response) => response.end('{"token":"another","expires_in":1e-300}'),
    ],
    ['leads in circles', (_request, response) => response.writeHead(302, { location: '/token' }).end()],
    ['fails for ever', (_request, response) => response.writeHead(503).end()],
    [
      'says to come back next year',
      (_request, response) => response.writeHead(429, { 'retry-after': '31536000' }).end(),
    ],
  ])('ends with a reason where it %s', async (_title, answer) => {
    grant = answer

    const ended = await list()

    expect(ended).toMatchObject({ code: 2, names: [] })
    expect(registry.seen.length).toBeLessThan(10)
    expect(service.seen.length).toBeLessThan(20)
  })

  it.each([
    ['an unknown scheme', 'Negotiate abc'],
    ['nothing', ''],
    ['quotes that do not end', 'Bearer realm="http://127.0.0.1'],
    ['commas', ','.repeat(10_000)],
    ['schemes', 'Bearer '.repeat(1500)],
    ['backslashes', `Bearer realm="${'\\'.repeat(9_000)}`],
  ])('ends with a reason where the registry asks for %s', async (_title, asked) => {
    challenge = asked

    expect(await list()).toMatchObject({ code: 2, names: [] })
    expect(service.seen).toEqual([])
  })
})

describe('a configuration of Docker', () => {
  beforeEach(() => {
    challenge = 'Basic realm="x"'
  })

  const ofHelpers = (name: unknown) => [{ credsStore: name }, { credHelpers: { [registry.host]: name } }]
  it.each([
    '../../bin/sh',
    '/bin/sh',
    'x; touch owned',
    '$(touch owned)',
    '-x',
    'a b',
    'x\0y',
    '\u001b[31m',
    'x'.repeat(9999),
  ])('does not run the helper %j', async name => {
    for (const config of ofHelpers(name)) {
      const ended = await list(config)

      expect(ended.code).toBe(2)
      expect(ended.stderr).toMatch(/name of a credential helper/)
    }
  })

  it.each<readonly [string, () => string]>([
    ['nested without end', () => '['.repeat(500_000)],
    ['nested without end in auths', () => `{"auths":${'{"a":'.repeat(100_000)}`],
    ['larger than any', () => JSON.stringify({ auths: { x: { auth: 'x'.repeat(5_000_000) } } })],
    ['not JSON', () => '\0\u001b[31m{"auths":'],
    ['half of one', () => JSON.stringify(login(registry.host)).slice(0, -5)],
  ])('is named where it is %s', async (_title, text) => {
    const ended = await list(text())

    expect(ended.code).toBe(2)
    expect(ended.stderr).toMatch(/config\.json cannot be read/)
    expect(sentTo(registry)).toEqual(['-'])
  })

  it.each<readonly [string, () => string | object]>([
    [
      'prototypes',
      () =>
        `{"__proto__":${JSON.stringify(login(registry.host))},"auths":{"__proto__":{"${registry.host}":{"auth":"bWU6aHVzaA=="}}}}`,
    ],
    ['other types', () => ({ auths: { [registry.host]: [1, { auth: {} }] }, credHelpers: [], credsStore: 7 })],
    ['no pair', () => ({ auths: { [registry.host]: { auth: '!!!!' } } })],
    ['a helper that is not there', () => ({ credsStore: 'not-installed-anywhere' })],
    [
      'sixty thousand hosts',
      () => ({ auths: Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [`h${at}.example`, {}])) }),
    ],
    ['a host that begins alike', () => login(`${registry.host}.example`)],
    ['a host with a user', () => login(`x@${registry.host}`)],
  ])('gives nothing where it holds %s', async (_title, config) => {
    const ended = await list(config())

    expect(ended.code).toBe(2)
    expect(ended.stderr).toMatch(/refuses access/)
    expect(sentTo(registry)).toEqual(['-'])
  })

  it.each(['registrytoken', 'identitytoken', 'auth'])('puts no second line into a request: %s', async member => {
    const evil = 'x\r\nx-evil: 1'
    const ended = await list({
      auths: { [registry.host]: { [member]: member === 'auth' ? Buffer.from(`me:${evil}`).toString('base64') : evil } },
    })

    expect(ended.code).toBe(2)
    expect(secretsOf(registry)).not.toContain('x-evil')
  })

  it('is a folder, an endless file or not to be read', async () => {
    const [asFolder, asDevice] = [cage.next(), cage.next()]
    mkdirSync(join(asFolder, 'config.json'), { recursive: true })
    mkdirSync(asDevice)
    symlinkSync('/dev/zero', join(asDevice, 'config.json'))

    for (const folder of [asFolder, asDevice]) {
      const ended = await listIn(folder)

      expect(ended.code).toBe(2)
      expect(ended.stderr).toMatch(/cannot be read/)
    }
  })
})

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '#lib/failure.ts'
import { engineAddress } from './address.ts'
import { isImageName } from './engine.ts'
import { hasImage, openContainerd, openDocker, openPodman } from './open.ts'

const id = `sha256:${'a'.repeat(64)}`
const closers: (() => void)[] = []
let home = ''

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-engine-'))
})

afterEach(async () => {
  for (const close of closers.splice(0)) close()
  await rm(home, { recursive: true, force: true })
})

// Paths and members are those of https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image.
describe('images/engine', () => {
  it.each([
    ['unix:///run/user/1/docker.sock', {}, { origin: 'http://localhost', socketPath: '/run/user/1/docker.sock' }],
    ['tcp://10.0.0.1:2375', {}, { label: '10.0.0.1:2375', origin: 'http://10.0.0.1:2375' }],
    ['tcp://10.0.0.1', {}, { origin: 'http://10.0.0.1:2375' }],
    [
      'tcp://10.0.0.1',
      { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' },
      { origin: 'https://10.0.0.1:2376', certificates: '/certs' },
    ],
  ])('finds the engine of DOCKER_HOST=%s', async (host, environment, expected) => {
    const address = await engineAddress('docker', { DOCKER_HOST: host, ...environment })

    expect(address).toMatchObject(expected)
  })

  it('finds the engine of the context that Docker uses', async () => {
    // The name of a context's folder is what `docker context create` made of `far`.
    const folder = '512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868'
    await write('.docker/config.json', { currentContext: 'far' })
    await write(`.docker/contexts/meta/${folder}/meta.json`, { Endpoints: { docker: { Host: 'tcp://far:2375' } } })

    const address = await engineAddress('docker', { HOME: home })

    expect(address?.label).toBe('far:2375')
  })

  it('refuses an address that it cannot use', async () => {
    const failure = await failureOf(openDocker('nginx', options({ DOCKER_HOST: 'ssh://far' })))

    expect(failure.code).toBe('engine/unreachable')
    expect(failure.hint).toContain('forward the socket')
  })

  it('says what to do where no engine runs', async () => {
    const podman = await failureOf(openPodman('nginx', options({ XDG_RUNTIME_DIR: join(home, 'none') })))
    const docker = await failureOf(openDocker('nginx', options({ DOCKER_HOST: `unix://${join(home, 'none.sock')}` })))

    expect([podman.code, docker.code]).toEqual(['engine/unreachable', 'engine/unreachable'])
    expect(podman.hint).toContain('registry:nginx')
  })

  it('finds a socket of Podman, rootless first', async () => {
    const environment = { XDG_RUNTIME_DIR: home }
    await mkdir(join(home, 'podman'))
    await serve((_request, response) => response.writeHead(404).end('{}'), join(home, 'podman', 'podman.sock'))

    const address = await engineAddress('podman', environment)
    const failure = await failureOf(openPodman('nginx', options(environment)))

    expect(address?.socketPath).toBe(join(home, 'podman', 'podman.sock'))
    expect(failure).toMatchObject({ code: 'engine/not-found', message: 'Podman does not have nginx' })
  })

  it('tells that an engine does not have an image', async () => {
    const paths: (string | undefined)[] = []
    const environment = await serve((request, response) => {
      paths.push(request.url)
      response.writeHead(404).end('{"message":"No such image: shop/web:1"}')
    })

    const failure = await failureOf(openDocker('shop/web:1', options(environment)))
    const isThere = await hasImage('docker', 'shop/web:1', environment)

    expect([failure.code, isThere]).toEqual(['engine/not-found', false])
    expect(paths.map(path => decodeURIComponent(path ?? ''))).toEqual([
      '/images/shop/web:1/json',
      '/images/shop/web:1/json',
    ])
  })

  it('repeats what the engine says of an error, without control characters', async () => {
    const environment = await serve((_request, response) =>
      response.writeHead(500).end(JSON.stringify({ message: 'disk\u001b[31m full\n' })),
    )

    const failure = await failureOf(openDocker('nginx', options(environment)))

    expect(failure.code).toBe('engine/refused')
    expect(failure.message).toMatch(/answered with status 500: disk \[31m full $/)
  })

  it.each(['{}', '[]', 'no json', '{"Id":"../../etc"}', '{"Id":7}'])('does not take %s for an image', async body => {
    const environment = await serve((_request, response) => response.end(body))

    const failure = await failureOf(openDocker('nginx', options(environment)))

    expect(failure.code).toBe('engine/refused')
    expect(await hasImage('docker', 'nginx', environment)).toBe(false)
  })

  it.each([
    [
      'breaks',
      (response: ServerResponse) => response.write('x', () => setTimeout(() => response.destroy(), 10)),
      'http/cut',
    ],
    ['is no archive', (response: ServerResponse) => response.end('hello'), 'image/not-an-image'],
    ['is empty', (response: ServerResponse) => response.end(), 'image/not-an-image'],
  ])('leaves nothing behind where the export %s', async (_name, answer, code) => {
    const environment = await serve((request, response) => {
      if (request.url?.endsWith('/json')) response.end(JSON.stringify({ Id: id, RepoTags: null }))
      else answer(response)
    })

    const failure = await failureOf(openDocker('nginx', options(environment)))

    expect(failure.code).toBe(code)
    expect(await readdir(join(home, 'spool'))).toEqual([])
  })

  it.each(['', '../x', 'a/../b', 'a?b', 'a b', 'a#b', 'a%2e', '-a', 'a//b', `${'a'.repeat(600)}`])(
    'does not ask for %s',
    async name => {
      expect(isImageName(name)).toBe(false)
      expect((await failureOf(openDocker(name, options({})))).code).toBe('reference/invalid')
      expect(await hasImage('docker', name, {})).toBe(false)
    },
  )

  it('says how to get an image out of containerd', async () => {
    const failure = await failureOf(openContainerd('docker.io/library/nginx:1'))

    expect(failure.code).toBe('image/unsupported-engine')
    expect(failure.hint).toContain('images export image.tar docker.io/library/nginx:1')
  })
})

function options(environment: Readonly<Record<string, string | undefined>>) {
  return { temporary: join(home, 'spool'), environment }
}

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  socketPath?: string,
): Promise<Record<string, string>> {
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(resolve => {
    if (socketPath === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(socketPath, resolve)
  })
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { DOCKER_HOST: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function write(name: string, content: unknown): Promise<void> {
  const path = join(home, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, JSON.stringify(content))
}

async function failureOf(pending: Promise<unknown>): Promise<Failure> {
  const error = await pending.then(
    () => new Error('did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw error
  return error
}

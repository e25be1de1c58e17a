import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import { blobBody, openRepository, type Repository } from './client.ts'
import type { Credential } from './credential.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown

const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'1'.repeat(64)}`, size: 2 },
    layers: [],
  }),
)
const manifestDigest = sha256(manifest)
const content = Buffer.from(Array.from({ length: 40_000 }, (_, index) => index % 251))
const contentDigest = sha256(content)

const closers: (() => void)[] = []
let now = 0

beforeEach(() => {
  now = 1_000_000
})

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

// Paths, codes and headers are those of https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md and of
// https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/.
describe('images/registry/client', () => {
  it('asks for every kind of manifest that can be read', async () => {
    let accept: string | undefined
    const repository = await serve((request, response) => {
      accept = request.headers.accept
      sendManifest(response)
    })

    const fetched = await repository.manifest('1')

    expect(fetched).toEqual({
      bytes: manifest,
      digest: manifestDigest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
    })
    expect(accept?.split(', ')).toHaveLength(4)
  })

  it.each(['token', 'access_token'])('gets a token where one is asked for (%s)', async member => {
    const seen: (string | undefined)[] = []
    const repository = await serve((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization ?? '-'}`)
      if (request.url?.startsWith('/token')) response.end(JSON.stringify({ [member]: 'abc' }))
      else if (request.headers.authorization === 'Bearer abc') sendManifest(response)
      else challenge(request, response)
    })

    await repository.manifest('1')
    await repository.manifest('1')

    expect(seen).toEqual([
      '/v2/shop/web/manifests/1 -',
      '/token?service=test&scope=repository%3Ashop%2Fweb%3Apull&client_id=sluice -',
      '/v2/shop/web/manifests/1 Bearer abc',
      '/v2/shop/web/manifests/1 Bearer abc',
    ])
  })

  it('gets one token for many requests, and a new one when it is over', async () => {
    let tokens = 0
    const repository = await serve((request, response) => {
      if (request.url?.startsWith('/token')) response.end(JSON.stringify({ token: `t${++tokens}`, expires_in: 100 }))
      else if (request.headers.authorization === `Bearer t${tokens}`) sendManifest(response)
      else challenge(request, response)
    })

    await Promise.all([repository.manifest('1'), repository.manifest('1'), repository.manifest('1')])
    const atFirst = tokens
    now += 80_000
    await repository.manifest('1')
    const stillGood = tokens
    now += 20_000
    await repository.manifest('1')

    expect([atFirst, stillGood, tokens]).toEqual([1, 1, 2])
  })

  it('takes a token without a lifetime for 60 seconds, and renews one that is refused before', async () => {
    let tokens = 0
    let valid = ''
    const repository = await serve((request, response) => {
      if (request.url?.startsWith('/token')) {
        valid = `t${++tokens}`
        response.end(JSON.stringify({ token: valid }))
      } else if (request.headers.authorization === `Bearer ${valid}`) sendManifest(response)
      else challenge(request, response)
    })

    await repository.manifest('1')
    now += 61_000
    await repository.manifest('1')
    const afterExpiry = tokens
    valid = 'revoked'
    await repository.manifest('1')

    expect([afterExpiry, tokens]).toEqual([2, 3])
  })

  it('gives user and password to the token service only', async () => {
    const seen: string[] = []
    const repository = await serve(
      (request, response) => {
        seen.push(`${request.url?.split('?')[0]} ${request.headers.authorization?.split(' ')[0] ?? '-'}`)
        if (request.url?.startsWith('/token')) response.end(JSON.stringify({ token: 'abc' }))
        else if (request.headers.authorization === 'Bearer abc') sendManifest(response)
        else challenge(request, response)
      },
      { kind: 'password', user: 'me', password: 'hush' },
    )

    await repository.manifest('1')

    expect(seen).toEqual(['/v2/shop/web/manifests/1 -', '/token Basic', '/v2/shop/web/manifests/1 Bearer'])
  })

  it('exchanges an identity token by POST', async () => {
    let form = ''
    const repository = await serve(
      async (request, response) => {
        if (request.url === '/token') {
          for await (const chunk of request) form += chunk
          const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded'
          response.writeHead(isForm && request.method === 'POST' ? 200 : 400)
          response.end(JSON.stringify({ access_token: 'short', expires_in: 300, refresh_token: 'other' }))
        } else if (request.headers.authorization === 'Bearer short') sendManifest(response)
        else challenge(request, response)
      },
      { kind: 'identity', token: 'refresh me' },
    )

    await repository.manifest('1')

    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'sluice',
      scope: 'repository:shop/web:pull',
      service: 'test',
      refresh_token: 'refresh me',
    })
  })

  it.each<[string, Credential, string]>([
    ['Basic', { kind: 'password', user: 'me', password: 'hush' }, 'Basic bWU6aHVzaA=='],
    ['a stored token', { kind: 'bearer', token: 'raw' }, 'Bearer raw'],
  ])('sends %s after it was asked', async (_name, credential, expected) => {
    const seen: (string | undefined)[] = []
    const repository = await serve((request, response) => {
      seen.push(request.headers.authorization)
      if (request.headers.authorization === expected) sendManifest(response)
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
    }, credential)

    await repository.manifest('1')

    expect(seen).toEqual([undefined, expected])
  })

  it.each([
    ['refuses every token', (url: string) => (url.startsWith('/token') ? 200 : 401)],
    ['gives no token', (url: string) => (url.startsWith('/token') ? 403 : 401)],
  ])('gives up where a registry %s, without a word of the secret', async (_name, statusOf) => {
    let count = 0
    const repository = await serve(
      (request, response) => {
        count++
        const status = statusOf(request.url ?? '')
        if (status === 401) challenge(request, response)
        else response.writeHead(status).end(JSON.stringify({ token: `hush${count}`, errors: [{ code: 'hush' }] }))
      },
      { kind: 'password', user: 'me', password: 'hush' },
    )

    const failure = await failureOf(repository.manifest('1'))

    expect(failure.code).toBe('registry/unauthorized')
    expect(`${failure.message} ${failure.hint} ${failure.cause}`).not.toContain('hush')
    expect(count).toBeLessThan(8)
  })

  it.each(['ftp://127.0.0.1/token', 'nowhere', 'http://me:x@127.0.0.1:1/', 'http://169.254.169.254/token'])(
    'does not go to %s for a token',
    async realm => {
      const repository = await serve(
        (_request, response) => response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end(),
        { kind: 'password', user: 'me', password: 'hush' },
      )

      const failure = await failureOf(repository.manifest('1'))

      expect(['registry/unauthorized', 'http/address', 'http/refused-address']).toContain(failure.code)
    },
  )

  it('keeps the token from a storage service, and does not answer its challenge', async () => {
    const seen: (string | undefined)[] = []
    const storage = await listen((request, response) => {
      seen.push(request.headers.authorization)
      if (request.url === '/good') response.end(content)
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="phish"' }).end()
    })
    const repository = await serve(
      (request, response) => {
        if (request.headers.authorization === undefined) {
          response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
        } else response.writeHead(307, { location: `${storage}${request.url?.endsWith('1') ? '/good' : '/bad'}` }).end()
      },
      { kind: 'password', user: 'me', password: 'hush' },
    )

    const good = await repository.blob('sha256:1')
    good.discard()
    const failure = await failureOf(repository.blob('sha256:2'))

    expect(failure.code).toBe('registry/unauthorized')
    expect(seen).toEqual([undefined, undefined])
  })

  it.each([
    [404, 'MANIFEST_UNKNOWN', 'registry/not-found'],
    [403, 'DENIED', 'registry/unauthorized'],
    [429, 'TOOMANYREQUESTS', 'registry/rate-limited'],
    [418, 'UNSUPPORTED', 'registry/unreachable'],
  ])('turns status %i into a failure that can be acted on', async (status, code, expected) => {
    const repository = await serve((_request, response) => {
      response.writeHead(status, { 'retry-after': '3600' }).end(JSON.stringify({ errors: [{ code, message: 'hush' }] }))
    })

    const failure = await failureOf(repository.manifest('1'))

    expect(failure.code).toBe(expected)
    expect(failure.message).toContain(`(status ${status}, ${code})`)
    expect(failure.message).not.toContain('hush')
  })

  it('says what to do where a registry does not answer', async () => {
    const client = createHttpClient({ retries: 0 })
    const endpoint = { host: '127.0.0.1:1', address: '127.0.0.1:1', repository: 'x', insecure: true }

    const failure = await failureOf(openRepository(endpoint, { client, ...noCredential }).manifest('1'))

    expect(failure).toMatchObject({
      code: 'registry/unreachable',
      message: '127.0.0.1:1 cannot be reached (ECONNREFUSED)',
    })
  })

  it('does not fall back to plain HTTP unless it is told to', async () => {
    const origin = await listen((_request, response) => sendManifest(response))
    const client = createHttpClient({ retries: 0 })
    const address = new URL(origin).host
    const endpoint = { host: address, address, repository: 'x', insecure: false }

    const failure = await failureOf(openRepository(endpoint, { client, ...noCredential }).manifest('1'))

    expect(failure.code).toBe('registry/unreachable')
    expect(failure.hint).toContain(`--insecure-registry ${address}`)
  })

  it('refuses a manifest that is not the one that was asked for', async () => {
    const repository = await serve((_request, response) => sendManifest(response))

    const byDigest = await repository.manifest(manifestDigest)
    const failure = await failureOf(repository.manifest(`sha256:${'0'.repeat(64)}`))

    expect(byDigest.digest).toBe(manifestDigest)
    expect(failure.code).toBe('registry/digest-mismatch')
  })

  it('proves sha512 digests too', async () => {
    const repository = await serve((_request, response) => sendManifest(response))
    const digest = `sha512:${createHash('sha512').update(manifest).digest('hex')}`

    const fetched = await repository.manifest(digest)
    const failure = await failureOf(repository.manifest(`sha512:${'0'.repeat(128)}`))

    expect(fetched.digest).toBe(digest)
    expect(failure.code).toBe('registry/digest-mismatch')
  })

  it('refuses a manifest that is not the one the registry claims', async () => {
    const repository = await serve((_request, response) => {
      response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`)
      sendManifest(response)
    })

    const failure = await failureOf(repository.manifest('1'))

    expect(failure.code).toBe('registry/digest-mismatch')
  })

  it.each([
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', '{}'],
    ['application/json', '{"schemaVersion":1,"fsLayers":[]}'],
  ])('refuses the first schema, as %s', async (type, body) => {
    const repository = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': type, 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end(body)
    })

    const failure = await failureOf(repository.manifest('1'))

    expect(failure.code).toBe('image/schema1')
  })

  it('does not read an endless manifest', async () => {
    const repository = await serve((_request, response) => pour(response))

    const failure = await failureOf(repository.manifest('1'))

    expect(failure.code).toBe('http/too-large')
  })

  it('takes up a blob where its connection broke, with a token that expired meanwhile', async () => {
    let tokens = 0
    const ranges: (string | undefined)[] = []
    const repository = await serve((request, response) => {
      if (request.url?.startsWith('/token')) response.end(JSON.stringify({ token: `t${++tokens}` }))
      else if (request.headers.authorization !== `Bearer t${tokens}`) challenge(request, response)
      else {
        ranges.push(request.headers.range)
        const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0])
        const range = `bytes ${start}-${content.length - 1}/${content.length}`
        response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start, 'content-range': range })
        if (start > 0) return response.end(content.subarray(start))
        now += 61_000
        response.write(content.subarray(0, 25_000), () => setTimeout(() => response.destroy(), 10))
      }
    })

    const bytes = await collect(blobBody([repository], { digest: contentDigest, size: content.length }))

    expect(bytes.equals(content)).toBe(true)
    expect([tokens, ranges]).toEqual([2, [undefined, 'bytes=25000-']])
  })

  it('stops soon after the size that a blob should have', async () => {
    const repository = await serve((_request, response) => pour(response))

    const bytes = await collect(blobBody([repository], { digest: contentDigest, size: 100_000 }))

    expect(bytes.length).toBeGreaterThan(100_000)
    expect(bytes.length).toBeLessThan(400_000)
  })

  it('asks the next endpoint where one does not have a blob', async () => {
    const mirror = await serve((_request, response) => response.writeHead(404).end())
    const origin = await serve((_request, response) => response.end(content))

    const bytes = await collect(blobBody([mirror, origin], { digest: contentDigest }))
    const failure = await failureOf(collect(blobBody([origin, mirror].reverse().slice(0, 1), { digest: 'sha256:0' })))

    expect(bytes.equals(content)).toBe(true)
    expect(failure.code).toBe('registry/not-found')
  })
})

const noCredential = { credential: async () => undefined, now: () => now }

function challenge(request: IncomingMessage, response: ServerResponse): void {
  const realm = `http://${request.headers.host}/token`
  const field = `Bearer realm="${realm}",service="test",scope="repository:shop/web:pull"`
  response.writeHead(401, { 'www-authenticate': field }).end('{"errors":[{"code":"UNAUTHORIZED"}]}')
}

function sendManifest(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }).end(manifest)
}

function pour(response: ServerResponse): void {
  response.on('error', () => {})
  const push = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
    if (!response.destroyed) response.once('drain', push)
  }
  push()
}

async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function serve(answer: Answer, credential?: Credential): Promise<Repository> {
  const origin = await listen((request, response) => {
    // What decides on plain HTTP is not what these tests are about.
    if (request.url === '/v2/') response.end()
    else return answer(request, response)
  })
  const client = createHttpClient({ retryDelay: 1, namedHosts: ['127.0.0.1'] })
  closers.push(client.close)
  const address = new URL(origin).host
  return openRepository(
    { host: address, address, repository: 'shop/web', insecure: true },
    { client, credential: async () => credential, now: () => now },
  )
}

async function listen(answer: Answer): Promise<string> {
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

async function failureOf(pending: Promise<unknown>): Promise<Failure> {
  const error = await pending.then(
    () => new Error('did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw error
  return error
}

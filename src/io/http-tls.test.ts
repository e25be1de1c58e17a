import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createPlainServer, type Server } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { Failure } from '#lib/failure.ts'
import { describeWith } from '#test/support/skips.ts'
import { createHttpClient, type HttpSettings, readBody } from './http.ts'

const closers: (() => void)[] = []

describeWith('openssl', hasOpenssl())('io/http over TLS', () => {
  let folder = ''
  let pair = { cert: '', key: '' }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:feeds.example']
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  })

  afterEach(() => {
    for (const close of closers.splice(0)) close()
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('trusts the authorities it is given, and no others', async () => {
    const origin = await serve('hello')

    const trusted = await client({ certificateAuthorities: [pair.cert] }).request({ url: origin })
    const failure = await failureOf(client().request({ url: origin }))

    expect((await readBody(trusted, 100)).toString()).toBe('hello')
    expect(failure.code).toBe('http/certificate')
    expect(failure.hint).toContain('NODE_EXTRA_CA_CERTS')
  })

  it('tells an authority that is none', async () => {
    const origin = await serve('hello')
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

    const failure = await failureOf(client({ certificateAuthorities: [broken] }).request({ url: origin }))

    expect(failure.code).toBe('http/certificate')
  })

  it('never goes from https to http', async () => {
    const plain = await listen(createPlainServer((_request, response) => response.end('secret')))
    const server = createServer(pair, (_request, response) => response.writeHead(302, { location: plain }).end())
    const origin = (await listen(server)).replace('http:', 'https:')

    const failure = await failureOf(client({ certificateAuthorities: [pair.cert] }).request({ url: origin }))

    expect(failure.code).toBe('http/redirect')
    expect(failure.message).toContain('from https to http')
  })

  it('shows its certificate to servers that ask', async () => {
    const strict = { requestCert: true, rejectUnauthorized: true, ca: pair.cert }
    const origin = await serve((socket: TLSSocket) => String(socket.authorized), strict)
    const trust = { certificateAuthorities: [pair.cert], retries: 0 }

    const known = await client({ ...trust, identity: pair }).request({ url: origin })
    const unknown = await failureOf(client(trust).request({ url: origin }))

    expect((await readBody(known, 100)).toString()).toBe('true')
    expect(unknown.code).toMatch(/^http\//)
  })

  it('reads through a tunnel, verifies who is at its end and keeps it for the next request', async () => {
    const inner = await serve('by tunnel')
    let tunnels = 0
    const server = createPlainServer()
    server.on('connect', (_request, socket) => {
      tunnels++
      const onward = connect(Number(new URL(inner).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const each of [socket, onward]) each.on('error', () => {})
    })
    const proxies = { https: await listen(server) }
    const made = client({ proxies, certificateAuthorities: [pair.cert] })

    const bodies: string[] = []
    for (const _turn of [1, 2]) {
      const response = await made.request({ url: 'https://feeds.example/x' })
      bodies.push((await readBody(response, 100)).toString())
    }
    const failure = await failureOf(made.request({ url: 'https://other.example/x' }))

    expect(bodies).toEqual(['by tunnel', 'by tunnel'])
    expect(failure.code).toBe('http/certificate')
    expect(tunnels).toBe(2)
  })

  function serve(answer: string | ((socket: TLSSocket) => string), options: ServerOptions = {}): Promise<string> {
    const server = createServer({ ...pair, ...options }, (request, response) =>
      response.end(typeof answer === 'string' ? answer : answer(request.socket as TLSSocket)),
    )
    server.on('tlsClientError', () => {})
    return listen(server).then(origin => origin.replace('http:', 'https:'))
  }
})

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function client(settings: HttpSettings = {}) {
  const made = createHttpClient({ retryDelay: 1, ...settings })
  closers.push(made.close)
  return made
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function failureOf(pending: Promise<unknown>): Promise<Failure> {
  const error = await pending.then(
    () => new Error('did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw error
  return error
}

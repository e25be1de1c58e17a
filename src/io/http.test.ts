import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Failure } from '#lib/failure.ts'
import { createHttpClient, type HttpClient, type HttpSettings, readBody } from './http.ts'

const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

describe('io/http', () => {
  it('streams a body and tells status, headers and the final address', async () => {
    const origin = await serve((_request, response) => response.setHeader('x-kind', 'test').end('hello'))

    const response = await client().request({ url: `${origin}/a?b=c` })

    expect(response).toMatchObject({ status: 200, url: `${origin}/a?b=c` })
    expect(response.headers['x-kind']).toBe('test')
    expect((await readBody(response, 100)).toString()).toBe('hello')
  })

  it('returns an error status as a value', async () => {
    const origin = await serve((_request, response) => void response.writeHead(404).end())

    const response = await client().request({ url: origin })

    expect(response.status).toBe(404)
  })

  it('follows redirects and keeps credentials at one origin', async () => {
    const seen: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      seen.push(request.headers.authorization)
      if (request.url === '/start') response.writeHead(307, { location: '/next' }).end()
      else response.end('done')
    })

    const response = await client().request({ url: `${origin}/start`, headers: { authorization: 'Bearer t' } })

    expect((await readBody(response, 100)).toString()).toBe('done')
    expect(seen).toEqual(['Bearer t', 'Bearer t'])
  })

  it('drops credentials at another origin, for good', async () => {
    const seen: (string | undefined)[] = []
    const home = await serve((request, response) => {
      seen.push(request.headers.authorization ?? request.headers.cookie)
      if (request.url === '/start') response.writeHead(302, { location: `${other}/away` }).end()
      else response.end('home')
    })
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization ?? request.headers.cookie)
      response.writeHead(302, { location: `${home}/back` }).end()
    })

    const response = await client().request({
      url: `${home}/start`,
      headers: { authorization: 'Basic c2VjcmV0', cookie: 'a=b' },
    })

    expect((await readBody(response, 100)).toString()).toBe('home')
    expect(seen).toEqual(['Basic c2VjcmV0', undefined, undefined])
  })

  it.each([
    ['endless redirects', '/', 'redirects more than 10 times'],
    ['another scheme', 'file:///etc/passwd', 'to a file: address'],
    ['an address that is none', 'http://[', 'to an address that is no URL'],
    ['credentials in the address', 'http://u:p@localhost/', 'user name'],
  ])('refuses %s', async (_name, location, message) => {
    const origin = await serve((_request, response) => response.writeHead(302, { location }).end())

    const failure = await failureOf(client().request({ url: origin }))

    expect(failure.code).toBe('http/redirect')
    expect(failure.message).toContain(message)
    expect(failure.message).not.toContain('u:p')
  })

  it.each(['ftp://example.com/', 'no address', 'http://user:secret@localhost/'])(
    'refuses the address %s',
    async url => {
      const failure = await failureOf(client().request({ url }))

      expect(failure.code).toBe('http/address')
      expect(failure.message).not.toContain('secret')
    },
  )

  it('refuses an address that is a URL only at first sight', async () => {
    const url = `http://${'t'.repeat(6000)}O${'t'.repeat(11_000)}`

    expect(await failureOf(client().request({ url }))).toMatchObject({ code: 'http/address' })
  })

  it('does not wait for ever where a server switches to another protocol', async () => {
    const server = createTcpServer(socket => {
      socket.on('error', () => {}).end('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(() => server.close())

    const asked = client().request({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })

    expect(await failureOf(asked)).toMatchObject({ code: 'http/malformed' })
  })

  it('comes back after 429 and 503, as Retry-After says', async () => {
    let count = 0
    const origin = await serve((_request, response) => {
      count++
      if (count === 1) response.writeHead(429, { 'retry-after': '0' }).end()
      else if (count === 2) response.writeHead(503, { 'retry-after': new Date(Date.now() - 1000).toUTCString() }).end()
      else response.end('third')
    })

    const response = await client().request({ url: origin })

    expect((await readBody(response, 100)).toString()).toBe('third')
  })

  it('does not wait longer than it was told to', async () => {
    let count = 0
    const origin = await serve((_request, response) => {
      count++
      response.writeHead(429, { 'retry-after': '3600' }).end()
    })

    const response = await client().request({ url: origin })

    expect([response.status, count]).toEqual([429, 1])
  })

  it('gives the last answer when all attempts are used up', async () => {
    let count = 0
    const origin = await serve((_request, response) => {
      count++
      response.writeHead(500).end()
    })

    const response = await client({ retries: 2 }).request({ url: origin })

    expect([response.status, count]).toEqual([500, 3])
  })

  it('repeats GET after a reset connection, and never POST', async () => {
    let count = 0
    const origin = await serve((request, response) => {
      count++
      if (count === 1 || request.method === 'POST') request.socket.resetAndDestroy()
      else response.end('again')
    })

    const response = await client().request({ url: origin })
    const failure = await failureOf(client().request({ url: origin, method: 'POST', body: 'x' }))

    expect((await readBody(response, 100)).toString()).toBe('again')
    expect([failure.code, count]).toEqual(['http/cut', 3])
  })

  it('tells a refused connection at once', async () => {
    const failure = await failureOf(client().request({ url: 'http://127.0.0.1:1/' }))

    expect(failure.code).toBe('http/unreachable')
    expect(failure.message).toBe('127.0.0.1:1 cannot be reached (ECONNREFUSED)')
  })

  it('stops reading an endless body at its bound', async () => {
    const origin = await serve((_request, response) => {
      response.on('error', () => {})
      const push = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
        if (!response.destroyed) response.once('drain', push)
      }
      push()
    })

    const failure = await failureOf(
      client()
        .request({ url: origin })
        .then(response => readBody(response, 1_000_000)),
    )

    expect(failure.code).toBe('http/too-large')
  })

  it('believes a content-length that is too long', async () => {
    const origin = await serve((_request, response) => response.writeHead(200, { 'content-length': '5000' }).write('x'))

    const failure = await failureOf(
      client()
        .request({ url: origin })
        .then(response => readBody(response, 100)),
    )

    expect(failure.code).toBe('http/too-large')
  })

  it('throws where a body ends before its length', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half')
      setTimeout(() => response.destroy(), 20)
    })

    const failure = await failureOf(
      client()
        .request({ url: origin })
        .then(response => readBody(response, 100)),
    )

    expect(failure.code).toBe('http/cut')
  })

  it('gives up on silence, before and after the header', async () => {
    const origin = await serve((request, response) => {
      if (request.url === '/body') response.writeHead(200).write('x')
    })
    const impatient = client({ idleTimeout: 100, retries: 0 })

    const before = await failureOf(impatient.request({ url: origin }))
    const after = await failureOf(impatient.request({ url: `${origin}/body` }).then(response => readBody(response, 9)))
    const whole = await failureOf(client().request({ url: origin, totalTimeout: 100 }))

    expect([before.code, after.code, whole.code]).toEqual(['http/timeout', 'http/timeout', 'http/timeout'])
  })

  it('gives up on a header, or many, a byte at a time', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy',
      'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(99),
    ]
    for (const answer of answers) {
      const server = createTcpServer(socket => {
        let at = 0
        const timer = setInterval(() => socket.write(answer.charAt(at++) || 'x'), 20)
        socket.on('close', () => clearInterval(timer)).on('error', () => {})
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      closers.push(() => server.close())
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

      const failure = await failureOf(client({ idleTimeout: 300, retries: 0 }).request({ url }))

      expect(failure).toMatchObject({ code: 'http/timeout' })
      expect(failure.message).toContain('no whole header')
    }
  })

  it('gives up on a body a byte at a time', async () => {
    const origin = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(timer))
    })

    const response = await client({ idleTimeout: 300, retries: 0 }).request({ url: origin })
    const failure = await failureOf(readBody(response, 1000))

    expect(failure).toMatchObject({ code: 'http/timeout' })
    expect(failure.message).toMatch(/sent \d+ bytes within 0\.3 s/)
  })

  it('waits for nothing more once it is closed', async () => {
    const origin = await serve((_request, response) => response.writeHead(503, { 'retry-after': '30' }).end())
    const closing = createHttpClient()

    const asked = failureOf(closing.request({ url: origin }))
    setTimeout(closing.close, 100)

    expect(await asked).toMatchObject({ code: 'http/cut' })
  })

  it('leads to no other inner host where it is told so', async () => {
    const inner = await serve((_request, response) => response.end('secret'))
    const origin = await serve((_request, response) => {
      response.writeHead(302, { location: inner.replace('127.0.0.1', '127.0.0.2') }).end()
    })

    const strict = client({ namedHosts: ['127.0.0.1'], othersReach: 'public' })

    expect(await failureOf(strict.request({ url: origin }))).toMatchObject({ code: 'http/refused-address' })
  })

  it('does not take a slow reader for a silent server', async () => {
    const body = Buffer.alloc(300_000, 'x')
    const origin = await serve((_request, response) => response.end(body))
    const response = await client({ idleTimeout: 80, retries: 0 }).request({ url: origin })

    let size = 0
    for await (const chunk of response.body) {
      if (size === 0) await new Promise(resolve => setTimeout(resolve, 300))
      size += chunk.length
    }

    expect(size).toBe(body.length)
  })

  it('gives up on a connection that never stands', async () => {
    const server = createTcpServer(() => {}).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    closers.push(() => server.close())
    const { port } = server.address() as AddressInfo

    const failure = await failureOf(
      client({ connectTimeout: 100, retries: 0 }).request({ url: `https://127.0.0.1:${port}/` }),
    )

    expect(failure.code).toBe('http/unreachable')
  })

  it('stops when told to, with the reason given', async () => {
    const origin = await serve(() => {})
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 30)

    const pending = client().request({ url: origin, signal: controller.signal })

    await expect(pending).rejects.toBe(reason)
    await expect(client().request({ url: origin, signal: controller.signal })).rejects.toBe(reason)
  })

  it('tells that a server does not speak TLS', async () => {
    const origin = await serve((_request, response) => response.end())

    const failure = await failureOf(client().request({ url: origin.replace('http:', 'https:') }))

    expect(failure.code).toBe('http/not-tls')
  })

  it('talks to a Unix socket', async () => {
    const socketPath = join(tmpdir(), `sluice-http-${process.pid}.sock`)
    const server = createServer((request, response) => response.end(`${request.headers.host} ${request.url}`))
    await new Promise<void>(resolve => server.listen(socketPath, resolve))
    closers.push(() => server.close())

    const response = await client().request({ url: 'http://engine/version', socketPath })

    expect((await readBody(response, 100)).toString()).toBe('engine /version')
  })

  it('refuses a redirect further inside than the host that was named', async () => {
    const inner = await serve((_request, response) => response.end('secret'))
    const port = new URL(inner).port
    // The proxy plays the public host: the client believes that it talks to public.example.
    const proxy = await serve((_request, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end(),
    )
    const guarded = client({ namedHosts: ['198.20.0.1'], proxies: { http: proxy } })

    const failure = await failureOf(guarded.request({ url: 'http://198.20.0.1/' }))

    expect(failure.code).toBe('http/refused-address')
  })

  it.each([
    ['http://169.254.169.254/latest/meta-data/', '127.0.0.1'],
    ['http://[::ffff:10.0.0.1]/', '198.20.0.1'],
    ['http://[fd00::1]/', '198.20.0.1'],
    ['http://localhost:1/', '198.20.0.1'],
    ['http://2130706433/', '198.20.0.1'],
    ['http://0/', '127.0.0.1'],
  ])('refuses %s where only %s was named', async (url, named) => {
    const failure = await failureOf(client({ namedHosts: [named] }).request({ url }))

    expect(failure.code).toBe('http/refused-address')
  })

  it('lets a named private host lead to another one', async () => {
    const other = await serve((_request, response) => response.end('storage'))
    const origin = await serve((_request, response) =>
      response.writeHead(307, { location: other.replace('127.0.0.1', 'localhost') }).end(),
    )

    const response = await client({ namedHosts: ['127.0.0.1'] }).request({ url: origin })

    expect((await readBody(response, 100)).toString()).toBe('storage')
  })

  it('asks a proxy for http addresses and keeps its password to itself', async () => {
    const seen: unknown[] = []
    const proxy = await serve((request, response) => {
      seen.push([request.url, request.headers['proxy-authorization'], request.headers.host])
      response.end('by proxy')
    })
    const withUser = proxy.replace('http://', 'http://me:pass%20word@')

    const response = await client({ proxies: { http: withUser } }).request({ url: 'http://feeds.example/x?y' })

    expect((await readBody(response, 100)).toString()).toBe('by proxy')
    expect(seen).toEqual([['http://feeds.example/x?y', 'Basic bWU6cGFzcyB3b3Jk', 'feeds.example']])
  })

  it('tunnels through a proxy for https addresses', async () => {
    const targets: string[] = []
    const inner = await serve((_request, response) => response.end())
    const server = createServer()
    server.on('connect', (request, socket) => {
      targets.push(request.url ?? '')
      const onward = connect(Number(new URL(inner).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      socket.on('error', () => {})
      onward.on('error', () => {})
    })
    const proxy = await listen(server)

    const failure = await failureOf(
      client({ proxies: { https: proxy } }).request({ url: 'https://feeds.example:8443/x' }),
    )

    // The tunnel stands: what fails is TLS with the plain server at its end.
    expect([failure.code, targets]).toEqual(['http/not-tls', ['feeds.example:8443']])
  })

  it('tells that a proxy refuses', async () => {
    const server = createServer()
    server.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
    const proxy = (await listen(server)).replace('http://', 'http://me:hush@')

    const failure = await failureOf(client({ proxies: { https: proxy } }).request({ url: 'https://feeds.example/' }))

    expect(failure.code).toBe('http/proxy')
    expect(failure.message).toContain('(status 407)')
    expect(`${failure.message} ${failure.cause}`).not.toContain('hush')
  })
})

function client(settings: HttpSettings = {}): HttpClient {
  const made = createHttpClient({ retryDelay: 1, ...settings })
  closers.push(made.close)
  return made
}

function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  return listen(createServer(answer))
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

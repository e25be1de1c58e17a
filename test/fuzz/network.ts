import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { createAuthorizer } from '#images/registry/authorization.ts'
import { parseChallenges } from '#images/registry/challenge.ts'
import { findCredential } from '#images/registry/credentials.ts'
import { createHttpClient, type HttpResponse } from '#io/http.ts'
import { resumableBody } from '#io/http-resume.ts'
import { Failure } from '#lib/failure.ts'
import { type FuzzTarget, promise } from '#tools/fuzz/target.ts'
import { textOf } from './seeds.ts'

/** Between the answers of one input. */
const next = '\n=next=\n'

const found = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello'

let answers: readonly Buffer[] = []
let asked = 0
let listening: Promise<string> | undefined

/** A server on a Unix socket that gives the input's answers, one for each connection; from there no redirect leads away. */
function socketPath(): Promise<string> {
  listening ??= new Promise((resolve, reject) => {
    const path = join(tmpdir(), `sluice-fuzz-${process.pid}-${threadId}.sock`)
    const server: Server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(answers[Math.min(asked++, answers.length - 1)]!))
    })
    server.on('error', reject)
    process.once('exit', () => rmSync(path, { force: true }))
    server.listen(path, () => resolve(path)).unref()
  })
  return listening
}

function partsOf(bytes: Uint8Array): readonly Buffer[] {
  const parts: Buffer[] = []
  const all = Buffer.from(bytes)
  for (let at = 0; at <= all.length && parts.length < 8; ) {
    const end = all.indexOf(next, at)
    parts.push(all.subarray(at, end < 0 ? all.length : end))
    at = end < 0 ? all.length + 1 : end + next.length
  }
  return parts
}

/** What the outside throws is told: nothing but a `Failure` may come out. */
async function onlyFailures(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}

const client = createHttpClient({ retries: 1, retryDelay: 0, maxRetryAfter: 0, idleTimeout: 500, connectTimeout: 2000 })

async function readAnswers(bytes: Uint8Array): Promise<void> {
  answers = partsOf(bytes)
  asked = 0
  const path = await socketPath()
  const open = (headers: Readonly<Record<string, string>>) =>
    client.request({ url: 'http://fuzz.example/start', socketPath: path, headers, maxRedirects: 3 })
  let size = 0
  for await (const chunk of resumableBody({ open, sameBytes: false, breaks: 1, delay: 0 })) size += chunk.length
  promise(size <= bytes.length * 8, 'a body is longer than all answers together')
}

/** A client that answers every request with this body. */
function answering(body: Buffer, seen: string[]) {
  const request = async ({ url }: { readonly url: string }): Promise<HttpResponse> => {
    seen.push(url)
    const stream = (async function* () {
      yield body
    })()
    return { url, status: 200, headers: {}, body: stream, discard: () => undefined }
  }
  return { request, close: () => undefined }
}

async function authorize(bytes: Uint8Array): Promise<void> {
  const [challenge = Buffer.alloc(0), grant = Buffer.alloc(0), config = Buffer.alloc(0)] = partsOf(bytes)
  const field = textOf(challenge)
  for (const { scheme, parameters } of parseChallenges(field)) {
    promise(scheme === scheme.toLowerCase(), 'a scheme is not in lower case')
    promise([...parameters.values()].join('').length <= field.length, 'a challenge says more than was sent')
  }
  // Helpers are found on the path: here there are none.
  const environment = { DOCKER_AUTH_CONFIG: textOf(config), PATH: '/nonexistent' }
  const seen: string[] = []
  const authorizer = createAuthorizer({
    ...{ client: answering(grant, seen), host: 'registry.example.com', origin: 'https://registry.example.com' },
    repository: 'shop/web',
    credential: () => findCredential({ registry: 'registry.example.com', repository: 'shop/web' }, environment),
    now: () => 0,
  })
  const headers = { 'www-authenticate': field }
  const url = 'https://registry.example.com/v2/shop/web/manifests/1'
  const response = { ...(await answering(grant, []).request({ url })), headers }
  await authorizer.answer(response, undefined)
  const sent = authorizer.header()
  promise(sent === undefined || /^(?:Basic|Bearer) [\x21-\x7e]+$/.test(sent), 'a header of other characters')
  for (const address of seen) promise(address.startsWith('https://'), 'a token is asked for without TLS')
}

/** What servers send: answers of HTTP, and what leads to credentials of registries. */
export const networkTargets: readonly FuzzTarget[] = [
  {
    name: 'http-answer',
    covers: ['io/http.ts', 'io/http-exchange', 'io/http-message', 'io/http-retry', 'io/http-resume'],
    seeds: () => [
      found,
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n',
      `HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n${next}${found}`,
      `HTTP/1.1 429 No\r\nRetry-After: 0\r\n\r\n${next}HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n${next}${found}`,
      `HTTP/1.1 200 OK\r\nContent-Length: 9\r\nETag: "a"\r\n\r\nhello${next}HTTP/1.1 206 Partial\r\nContent-Range: bytes 3-8/9\r\nContent-Length: 6\r\nETag: "a"\r\n\r\nlo you${next}`,
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nPRI * HTTP/2.0',
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.0 404 No\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\ngone',
    ],
    words: [
      ...['\r\n', '\r\n\r\n', next, 'HTTP/1.1 206 ', 'HTTP/1.1 301 ', 'HTTP/1.1 101 ', 'HTTP/1.1 304 ', '\r\n ', ': '],
      ...['Content-Length: ', 'Transfer-Encoding: chunked', 'Content-Range: bytes 0-', 'Location: //', 'ETag: W/"'],
      ...['Retry-After: ', 'Connection: close', 'Upgrade: x', '0\r\n\r\n', 'FFFFFFFFFFFFFFFF', ';', '__proto__: x'],
    ],
    maxLength: 20_000,
    throws: 'errors',
    run: bytes => onlyFailures(() => readAnswers(bytes)),
  },
  {
    name: 'registry-login',
    covers: ['images/registry/challenge', 'images/registry/authorization', 'images/registry/credentials'],
    seeds: () => [
      `Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a:pull,push"${next}{"token":"abc","expires_in":300}${next}{"auths":{"registry.example.com":{"auth":"bWU6aHVzaA=="}}}`,
      `Basic realm="a\\"b", Bearer realm="https://auth.example.com"${next}{"access_token":"abc"}${next}{"auths":{"https://registry.example.com/v1/":{"identitytoken":"x"}}}`,
      `Basic${next}${next}{"auths":{"registry.example.com/shop":{"username":"me","password":"hush"}},"credHelpers":{"x":"y"}}`,
      `Bearer${next}${next}{"auths":{"registry.example.com":{"registrytoken":"abc"}}}`,
    ],
    words: [
      ...[next, 'Bearer ', 'Basic ', 'realm=', '"', '\\', ',', '=', 'https://', 'http://', 'https://me:you@', '{', '}'],
      ...[
        '"__proto__":',
        '"auths":',
        '"auth":',
        '"credsStore":"',
        '"registrytoken":"',
        '\\r\\n',
        'AA==',
        '"expires_in":',
      ],
    ],
    maxLength: 20_000,
    throws: 'errors',
    run: bytes => onlyFailures(() => authorize(bytes)),
  },
]

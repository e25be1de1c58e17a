import { Failure } from '#lib/failure.ts'
import { createConnector } from './http-connect.ts'
import { exchange } from './http-exchange.ts'
import { type HttpClient, type HttpRequest, type HttpResponse, type HttpSettings, showUrl } from './http-message.ts'
import { backOff, isPassing, isPassingStatus, pause, retryAfter } from './http-retry.ts'

export type { HttpClient, HttpRequest, HttpResponse, HttpSettings } from './http-message.ts'

/**
 * An HTTP/1.1 client for servers that are not trusted: bounded redirects by hand (credentials stay with their origin,
 * never from https to http, never further inside than the hosts a person named), proxies, time-outs, and repeats of GET
 * and HEAD after passing errors, 429 and 5xx. Bodies stream and are not decoded.
 */
export function createHttpClient(settings: HttpSettings = {}): HttpClient {
  const connector = createConnector(settings)
  const closing = new AbortController()

  async function send(url: URL, request: HttpRequest, headers: Record<string, string>, signal?: AbortSignal) {
    const place = await connector.optionsFor(url, request.socketPath)
    const method = request.method ?? 'GET'
    const length = request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }
    return exchange({
      url,
      options: { ...place, method, headers: { ...place.headers, ...headers, ...length, host: url.host } },
      body: request.body,
      signal,
      connectTimeout: settings.connectTimeout ?? 15_000,
      idleTimeout: request.idleTimeout ?? settings.idleTimeout ?? 60_000,
    })
  }

  async function follow(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> {
    let url = parseUrl(request.url)
    let headers: Record<string, string> = {
      'user-agent': settings.userAgent ?? 'sluice',
      accept: '*/*',
      'accept-encoding': 'identity',
      ...request.headers,
    }
    const most = request.maxRedirects ?? 10
    for (let count = 0; ; count++) {
      const response = await send(url, request, headers, signal)
      const next = redirectOf(response, url, request)
      if (next === undefined) return response
      response.discard()
      if (count >= most) {
        throw new Failure('http/redirect', `${showUrl(parseUrl(request.url))} redirects more than ${most} times`)
      }
      if (next.origin !== url.origin) headers = withoutCredentials(headers)
      url = next
    }
  }

  async function request(wanted: HttpRequest): Promise<HttpResponse> {
    const method = wanted.method ?? 'GET'
    const retries = wanted.retries ?? (method === 'POST' ? 0 : (settings.retries ?? 4))
    const signal = withDeadline(wanted, closing.signal)
    for (let attempt = 0; ; attempt++) {
      let wait = backOff(attempt, settings.retryDelay ?? 500)
      try {
        const response = await follow(wanted, signal)
        if (attempt >= retries || !isPassingStatus(response.status)) return response
        const asked = retryAfter(response, Date.now())
        if (asked !== undefined && asked > (settings.maxRetryAfter ?? 60_000)) return response
        wait = Math.max(wait, asked ?? 0)
        response.discard()
      } catch (error) {
        if (attempt >= retries || signal.aborted || !isPassing(error)) throw error
      }
      await pause(wait, signal)
    }
  }

  function close(): void {
    closing.abort(new Failure('http/cut', 'The client was closed'))
    connector.close()
  }

  return { request, close }
}

/** The whole body; `http/too-large` as soon as it is, or says it is, longer than `maxBytes`. */
export async function readBody(response: HttpResponse, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => {
    response.discard()
    const where = showUrl(new URL(response.url))
    return new Failure('http/too-large', `The answer of ${where} is longer than ${maxBytes} bytes`)
  }
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

function withDeadline(request: HttpRequest, closing: AbortSignal): AbortSignal {
  const signals = request.signal === undefined ? [closing] : [closing, request.signal]
  if (request.totalTimeout === undefined) return AbortSignal.any(signals)
  const deadline = new AbortController()
  const where = showUrl(parseUrl(request.url))
  const late = new Failure('http/timeout', `${where} took longer than ${request.totalTimeout / 1000} s`)
  setTimeout(() => deadline.abort(late), request.totalTimeout).unref()
  return AbortSignal.any([...signals, deadline.signal])
}

function redirectOf(response: HttpResponse, from: URL, request: HttpRequest): URL | undefined {
  const { status } = response
  if (status !== 301 && status !== 302 && status !== 303 && status !== 307 && status !== 308) return undefined
  const location = response.headers.location
  if (location === undefined || request.method === 'POST') return undefined
  const refuse = (why: string) => {
    response.discard()
    return new Failure('http/redirect', `${showUrl(from)} redirects ${why}`)
  }
  // `canParse` takes some addresses that the parser refuses (hosts of 16 KiB and more).
  const next = URL.parse(location, from.href)
  if (next === null) throw refuse('to an address that is no URL')
  if (request.socketPath !== undefined && next.host !== from.host) throw refuse('away from its socket')
  if (next.protocol !== 'https:' && next.protocol !== 'http:') throw refuse(`to a ${next.protocol} address`)
  if (from.protocol === 'https:' && next.protocol === 'http:') throw refuse(`from https to http (${next.host})`)
  if (next.username !== '' || next.password !== '') throw refuse('to an address with a user name in it')
  return next
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'cookie')
  return Object.fromEntries(kept)
}

function parseUrl(text: string): URL {
  const url = URL.parse(text) ?? undefined
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url === undefined || !isHttp) throw new Failure('http/address', 'The address is not an http:// or https:// URL')
  if (url.username === '' && url.password === '') return url
  throw new Failure('http/address', `The address of ${url.host} holds a user name`, {
    hint: 'Credentials in URLs end up in logs; use a credential file or the Authorization header',
  })
}

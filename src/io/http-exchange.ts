import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import { Failure } from '#lib/failure.ts'
import { type HttpResponse, showUrl } from './http-message.ts'
import { type Pace, watchPace } from './http-pace.ts'

/** One request on the wire, with everything decided: where to connect, what to send, how long to wait. */
export interface Exchange {
  readonly url: URL
  readonly options: RequestOptions
  readonly body: string | undefined
  readonly signal: AbortSignal | undefined
  readonly connectTimeout: number
  readonly idleTimeout: number
}

const certificateCodes: ReadonlySet<string> = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_GET_ISSUER_CERT', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'CERT_REVOKED'],
])

const cutCodes: ReadonlySet<string> = new Set([
  ...['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE', 'ERR_STREAM_PREMATURE_CLOSE'],
])

/** Sends one request and resolves once the answer's header is there. Follows nothing and repeats nothing. */
export async function exchange(sent: Exchange): Promise<HttpResponse> {
  const isTls = (sent.options.protocol ?? 'http:') === 'https:'
  const { request } = isTls ? await import('node:https') : await import('node:http')
  sent.signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    let message: ClientRequest
    try {
      message = request({ ...sent.options, ...(sent.signal === undefined ? {} : { signal: sent.signal }) })
    } catch (error) {
      return reject(failureOf(error, sent.url))
    }
    const watch = watchTime(message, sent, isTls)
    message.on('error', error => reject(watch.explain(error)))
    message.on('upgrade', (_answer, socket) => {
      socket.destroy()
      reject(new Failure('http/malformed', `${showUrl(sent.url)} switches to a protocol that nobody asked for`))
    })
    // Where it has been answered or has failed this says nothing; where not, nothing else would ever come.
    message.on('close', () => reject(watch.explain(new Failure('http/cut', `${sent.url.host} gave no answer`))))
    message.on('response', response => {
      watch.answered(response)
      response.on('error', () => {}) // Whoever iterates sees it; a body that nobody reads must not end the process.
      resolve({
        url: sent.url.href,
        status: response.statusCode ?? 0,
        headers: joined(response),
        body: bodyOf(response, watch),
        discard: () => discard(response),
      })
    })
    message.end(sent.body)
  })
}

interface Watch {
  readonly answered: (response: IncomingMessage) => void
  /** Notes bytes of the body that somebody took. */
  readonly took: (bytes: number) => void
  /** What an error of the connection really was: a time-out of ours, the caller's abort, or the network. */
  readonly explain: (error: unknown) => unknown
}

function watchTime(message: ClientRequest, sent: Exchange, isTls: boolean): Watch {
  let reason: Failure | undefined
  let response: IncomingMessage | undefined
  const stop = (failure: Failure) => {
    reason ??= failure
    message.destroy(failure)
  }
  const host = sent.url.host
  const connecting = setTimeout(() => {
    stop(new Failure('http/unreachable', `No connection to ${host} within ${seconds(sent.connectTimeout)}`))
  }, sent.connectTimeout)
  let answering: NodeJS.Timeout | undefined
  let pace: Pace | undefined
  const connected = () => {
    clearTimeout(connecting)
    // Bytes of a header, or of headers that announce another one, may arrive for ever.
    const late = new Failure('http/timeout', `${host} sent no whole header within ${seconds(sent.idleTimeout)}`)
    answering = setTimeout(() => stop(late), sent.idleTimeout)
  }
  message.on('socket', (socket: Socket) => {
    if (!socket.connecting) connected()
    else socket.once(isTls ? 'secureConnect' : 'connect', connected)
  })
  message.on('close', () => {
    clearTimeout(connecting)
    clearTimeout(answering)
    pace?.stop()
  })
  message.setTimeout(sent.idleTimeout, () => {
    // Bytes that wait for us mean that we are slow, not the server.
    if (response !== undefined && response.readableLength > 0) {
      message.socket?.setTimeout(sent.idleTimeout)
      return
    }
    stop(new Failure('http/timeout', `${host} sent nothing for ${seconds(sent.idleTimeout)}`))
  })
  return {
    answered: arrived => {
      response = arrived
      clearTimeout(answering)
      if (sent.options.socketPath !== undefined) return
      pace = watchPace(arrived, sent.idleTimeout, bytes => {
        stop(new Failure('http/timeout', `${host} sent ${bytes} bytes within ${seconds(sent.idleTimeout)}`))
      })
    },
    took: bytes => pace?.took(bytes),
    explain: error => {
      if (sent.signal?.aborted) return sent.signal.reason
      return reason ?? failureOf(error, sent.url)
    },
  }
}

/** A short rest is read so that the connection can be used again; a long one is not worth it. */
function discard(response: IncomingMessage): void {
  const length = Number(response.headers['content-length'] ?? Number.NaN)
  if (length <= 16_384) response.resume()
  else response.destroy()
}

async function* bodyOf(response: IncomingMessage, watch: Watch): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) {
      watch.took((chunk as Buffer).length)
      yield chunk as Buffer
    }
  } catch (error) {
    throw watch.explain(error)
  }
}

function joined(response: IncomingMessage): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = Object.create(null)
  for (const [name, value] of Object.entries(response.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}

function failureOf(error: unknown, url: URL): unknown {
  if (error instanceof Failure) return error
  const code = (error as { code?: unknown }).code
  const where = showUrl(url)
  if (typeof code !== 'string') return error
  if (certificateCodes.has(code) || code.startsWith('ERR_OSSL_')) {
    return new Failure('http/certificate', `The certificate of ${url.host} is not trusted (${code})`, {
      hint: 'Name the certificate authority in NODE_EXTRA_CA_CERTS',
      cause: error,
    })
  }
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return new Failure('http/not-tls', `${url.host} does not speak TLS there`, { cause: error })
  }
  if (cutCodes.has(code)) return new Failure('http/cut', `The connection to ${where} broke`, { cause: error })
  if (code.startsWith('HPE_')) {
    return new Failure('http/malformed', `The answer of ${where} is not HTTP (${code})`, { cause: error })
  }
  return new Failure('http/unreachable', `${url.host} cannot be reached (${code})`, { cause: error })
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`
}

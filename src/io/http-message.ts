import type { Reach } from './http-guard.ts'

/** One request. Only GET and HEAD follow redirects; a user name or password in the URL is refused. */
export interface HttpRequest {
  readonly url: string
  readonly method?: 'GET' | 'HEAD' | 'POST'
  /** Lower-case names. `authorization` and `cookie` leave the request at the first redirect to another origin. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  /** Talks to this Unix socket instead; the URL's host is then only a label. */
  readonly socketPath?: string
  /** Milliseconds without a byte from the server, and for a whole header; default the client's. */
  readonly idleTimeout?: number
  /** Milliseconds for the whole exchange, body included; default none. */
  readonly totalTimeout?: number
  /** Further attempts after the first; default the client's for GET and HEAD, none for POST. */
  readonly retries?: number
  /** How many redirects are followed, default 10. */
  readonly maxRedirects?: number
}

/** An answer whose body still streams. Either iterate `body` (once) or call `discard`, or the connection stays open. */
export interface HttpResponse {
  /** Where the answer came from, after redirects. */
  readonly url: string
  readonly status: number
  /** Lower-case names; repeated fields are joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Throws `Failure` (`http/cut`, `http/timeout`) where the stream ends before its end, or the signal's reason. */
  readonly body: AsyncIterable<Buffer>
  readonly discard: () => void
}

/** Where requests go through: values of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
export interface HttpProxies {
  readonly http?: string
  readonly https?: string
  readonly no?: string
}

/** What is the same for all requests of one client. */
export interface HttpSettings {
  readonly userAgent?: string
  readonly proxies?: HttpProxies
  /**
   * Hosts a person named. Where given, any other host (a redirect's, a token service's) may not resolve to an address
   * further inside than theirs: a public one never leads to a private, loopback or link-local address.
   */
  readonly namedHosts?: readonly string[]
  /** How far inside hosts may lie that nobody named, default as far as the named ones; needs `namedHosts`. */
  readonly othersReach?: Reach
  /** Milliseconds until a connection stands, default 15 000. */
  readonly connectTimeout?: number
  /**
   * Milliseconds without a byte from the server, and for a whole header; default 60 000. A body slower than 1 KiB a
   * second over that time is given up as well, except from a Unix socket.
   */
  readonly idleTimeout?: number
  /** Further attempts after the first for passing errors, 429 and 5xx; default 4. */
  readonly retries?: number
  /** Milliseconds before the first further attempt, doubled for each later one; default 500. */
  readonly retryDelay?: number
  /** The longest `Retry-After` that is obeyed, in milliseconds; a longer one ends the attempts. Default 60 000. */
  readonly maxRetryAfter?: number
  /** Certificate authorities (PEM) trusted beside the runtime's own. */
  readonly certificateAuthorities?: readonly string[]
  /** Certificate and key (PEM) by which servers that ask for it know us. */
  readonly identity?: { readonly cert: string; readonly key: string }
}

/** A client: its connections are kept alive and shared by its requests. */
export interface HttpClient {
  /** Answers of any status are values; throws `Failure` with an `http/…` code, or the signal's reason. */
  readonly request: (request: HttpRequest) => Promise<HttpResponse>
  /** Ends idle connections. */
  readonly close: () => void
}

/** An address as it may be shown: no user, no password, no query (signed URLs carry their secret there). */
export function showUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

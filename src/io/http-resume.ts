import { Failure } from '#lib/failure.ts'
import type { HttpResponse } from './http-message.ts'
import { backOff, isPassing, pause } from './http-retry.ts'

/** How a body is taken up again after its connection broke. */
export interface ResumeOptions {
  /** Asks for the same thing again with these headers added (`range`, `if-range`); called with none for the first request. */
  readonly open: (headers: Readonly<Record<string, string>>) => Promise<HttpResponse>
  /**
   * True where an address always has the same bytes (content-addressed): then a server that does not know ranges may
   * send everything again and what is known is skipped. Otherwise a strong `ETag` must say that nothing changed.
   */
  readonly sameBytes: boolean
  /** Breaks without a new byte in between that are borne, default 4; breaks altogether are bounded at 50. */
  readonly breaks?: number
  /** Milliseconds before the first new request, default 500, doubled while nothing arrives. */
  readonly delay?: number
  readonly signal?: AbortSignal
}

const maxBreaks = 50

/**
 * A body, whole, over as many connections as it takes (RFC 9110 section 14). Throws `http/status` where the answer is
 * neither 200 nor 206, `http/changed` where the thing changed in between, else what the last connection threw.
 */
export async function* resumableBody(options: ResumeOptions): AsyncGenerator<Buffer> {
  let response = await options.open({})
  expectStatus(response, [200])
  const tag = response.headers.etag
  const strong = tag?.startsWith('"') ? tag : undefined
  const total = Number(response.headers['content-length'] ?? Number.NaN)
  let at = 0
  let skip = 0
  let idleBreaks = 0
  for (let broken = 0; ; ) {
    try {
      for await (const chunk of response.body) {
        const fresh = skip >= chunk.length ? chunk.subarray(chunk.length) : chunk.subarray(skip)
        skip -= Math.min(skip, chunk.length)
        if (fresh.length === 0) continue
        at += fresh.length
        idleBreaks = 0
        yield fresh
      }
      if (skip > 0) throw changed(response)
      return
    } catch (error) {
      // Some servers break the connection after the last byte instead of ending it.
      if (at === total) return
      const isOver = options.signal?.aborted === true || !isPassing(error)
      if (isOver || ++broken > maxBreaks || ++idleBreaks > (options.breaks ?? 4)) throw error
      if (!options.sameBytes && strong === undefined && at > 0) throw error
    }
    await pause(backOff(idleBreaks - 1, options.delay ?? 500), options.signal)
    response = await options.open(rangeHeaders(at, options.sameBytes ? undefined : strong))
    skip = bytesToSkip(response, at, options.sameBytes)
  }
}

function rangeHeaders(at: number, tag: string | undefined): Record<string, string> {
  if (at === 0) return {}
  return { range: `bytes=${at}-`, ...(tag === undefined ? {} : { 'if-range': tag }) }
}

function bytesToSkip(response: HttpResponse, at: number, sameBytes: boolean): number {
  expectStatus(response, [200, 206])
  if (response.status === 200) {
    if (at > 0 && !sameBytes) throw changed(response)
    return at
  }
  const start = /^bytes (\d{1,15})-/.exec(response.headers['content-range'] ?? '')?.[1]
  if (start === undefined || Number(start) > at) throw changed(response)
  return at - Number(start)
}

function expectStatus(response: HttpResponse, wanted: readonly number[]): void {
  if (wanted.includes(response.status)) return
  response.discard()
  const { host, pathname } = new URL(response.url)
  throw new Failure('http/status', `${host}${pathname} answered with status ${response.status}`)
}

function changed(response: HttpResponse): Failure {
  response.discard()
  const { host, pathname } = new URL(response.url)
  return new Failure('http/changed', `${host}${pathname} changed while it was read`)
}

import { Failure } from '#lib/failure.ts'
import type { HttpResponse } from './http-message.ts'

/** Errors of the network that may be gone a moment later. A refused connection or an unknown host is not one. */
const passingCodes: ReadonlySet<string> = new Set([
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENETRESET', 'ECONNABORTED', 'HPE_INVALID_EOF_STATE'],
])

/** True where the same request may work a moment later: a broken connection or a silent server. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Failure)) return false
  if (error.code === 'http/cut' || error.code === 'http/timeout') return true
  const code = (error.cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && passingCodes.has(code)
}

/** True for the statuses that ask to come back later (429) or that a server in trouble gives. */
export function isPassingStatus(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501 && status !== 505)
}

/** Milliseconds to wait before attempt `attempt + 1`: doubled each time, up to half of it random. */
export function backOff(attempt: number, base: number): number {
  const full = Math.min(base * 2 ** attempt, 30_000)
  return full / 2 + Math.random() * (full / 2)
}

/** `Retry-After` in milliseconds from `now`, in seconds or as a date (RFC 9110 section 10.2.3); undefined where absent or odd. */
export function retryAfter(response: Pick<HttpResponse, 'headers'>, now: number): number | undefined {
  const value = response.headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    function stop() {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

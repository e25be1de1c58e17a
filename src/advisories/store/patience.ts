import type { HttpClient } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'

/** A client that gives each source so much time and no more. */
export interface PatientClient extends Pick<HttpClient, 'request'> {
  /** From now on the time of another source runs: all its requests, their repeats and bodies included. */
  readonly begin: () => void
}

/**
 * Wraps a client for sources that are asked one after another. Where one takes longer than `milliseconds`, its requests
 * fail with `http/timeout`: a server that drips or fails for ever must not keep the others waiting.
 */
export function limitTime(client: Pick<HttpClient, 'request'>, milliseconds: number): PatientClient {
  let deadline: AbortSignal | undefined
  let timer: NodeJS.Timeout | undefined
  return {
    begin: () => {
      clearTimeout(timer)
      const controller = new AbortController()
      const late = new Failure('http/timeout', `This source took longer than ${milliseconds / 1000} s`)
      timer = setTimeout(() => controller.abort(late), milliseconds)
      timer.unref()
      deadline = controller.signal
    },
    request: wanted => {
      const signals = [wanted.signal, deadline].filter(signal => signal !== undefined)
      return client.request(signals.length === 0 ? wanted : { ...wanted, signal: AbortSignal.any(signals) })
    },
  }
}

import type { IncomingMessage } from 'node:http'

/** Bytes a second that a body has to bring: less keeps a connection open, and brings nothing. */
const slowestBody = 1024

/** Watches how fast a body comes. */
export interface Pace {
  /** Notes bytes that somebody took. */
  readonly took: (bytes: number) => void
  readonly stop: () => void
}

/**
 * Calls `tooSlow`, with the bytes of the last `time` milliseconds, where a body brings less than 1 KiB a second over
 * that time although somebody waits for it. Does not keep the process alive.
 */
export function watchPace(response: IncomingMessage, time: number, tooSlow: (bytes: number) => void): Pace {
  let taken = 0
  let before = 0
  const waits = () => taken - before < (slowestBody * time) / 1000 && response.readableLength === 0
  const timer = setInterval(() => {
    // Where the program itself was busy, bytes may have arrived that it has not seen yet.
    setImmediate(() => {
      if (waits() && !response.complete) tooSlow(taken - before)
      before = taken
    })
  }, time)
  timer.unref()
  return {
    took: bytes => {
      taken += bytes
    },
    stop: () => clearInterval(timer),
  }
}

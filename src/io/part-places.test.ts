import { beforeEach, describe, expect, it, vi } from 'vitest'

/** With as many threads as four cores leave. */
vi.mock('./part-threads.ts', () => ({ maxPartThreads: 3, partThreads: threads }))
const threads = vi.hoisted(() => ({ isWarm: true, hasRoom: (): boolean => true }))

const megabyte = 2 ** 20

describe('io/part-places', () => {
  let places: typeof import('./part-places.ts')
  beforeEach(async () => {
    vi.resetModules()
    places = await import('./part-places.ts')
    Object.assign(threads, { isWarm: true, hasRoom: () => true })
  })

  /** Asks for all at once, and tells who was given which place, in that order. */
  async function ask(sizes: readonly number[]) {
    const given: string[] = []
    for (const size of sizes) places.askPlace(size).then(place => given.push(`${size / megabyte} ${place}`))
    await turn()
    return given
  }

  it('gives the threads to the largest that are asked for in one turn', async () => {
    expect(await ask([10, 50, 30, 20].map(size => size * megabyte))).toEqual(['50 thread', '30 thread', '20 thread'])
  })

  it('gives what waits to whoever is ready first', async () => {
    const given = await ask([10, 50, 30, 20, 5].map(size => size * megabyte))

    places.leavePlace('thread')
    await turn()

    expect(given.slice(3)).toEqual(['10 thread'])
  })

  it('lets this thread inflate while it waits for every other, one part at a time', async () => {
    const given = await ask([10, 50, 30, 20, 5].map(size => size * megabyte))
    const arrivals = Array.from({ length: 3 }, () => Promise.withResolvers<void>())

    const waits = arrivals.slice(0, 2).map(({ promise }) => places.idleUntil(promise))
    await turn()
    expect(given.slice(3)).toEqual([])

    waits.push(places.idleUntil(arrivals[2]!.promise))
    await turn()
    expect(given.slice(3)).toEqual(['10 here'])

    for (const { resolve } of arrivals) resolve()
    await Promise.all(waits)
    places.leavePlace('here')
    await turn()
    expect(given.slice(3)).toEqual(['10 here'])
  })

  it('does not wait for threads that hash', async () => {
    threads.hasRoom = () => false

    expect(await ask([10, 50].map(size => size * megabyte))).toEqual(['50 here'])
  })

  it('has small parts inflated here, and starts no thread for a few megabytes', async () => {
    expect(await ask([2 ** 16])).toEqual(['0.0625 here'])

    threads.isWarm = false

    expect(await ask([1, 2, 3].map(size => size * megabyte))).toEqual(['1 here', '2 here', '3 thread'])
  })
})

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(() => setImmediate(resolve)))
}

import { maxPartThreads, partThreads } from './part-threads.ts'

/** Where a part is inflated: in a thread of its own, or in the caller's. */
export type Place = 'thread' | 'here'

/** To hand over less takes longer than to inflate it. */
const smallBytes = 2 ** 16

/** A thread takes as long to start as it takes to inflate this much: without one, what is not more is inflated here. */
const bytesHere = 2 ** 22
let startedHere = 0

interface Asker {
  readonly size: number
  readonly go: (place: Place) => void
}

const askers: Asker[] = []
let inThreads = 0
let here = 0
/** Takers whose thread has nothing for them yet. */
let idle = 0

/**
 * Resolves when the part may be inflated, and where: the largest that wait in threads, while there are enough, and one
 * at a time here, when this thread would have nothing else to do. To be given back with `leavePlace`.
 */
export async function askPlace(size: number): Promise<Place> {
  if (size <= smallBytes || (!partThreads.isWarm && size <= bytesHere - startedHere)) {
    startedHere += size
    here++
    return 'here'
  }
  return new Promise(go => {
    askers.push({ size, go })
    // Who else asks in this turn may have more.
    setImmediate(assign)
  })
}

export function leavePlace(place: Place): void {
  if (place === 'here') here--
  else inThreads--
  assign()
}

/**
 * While this waits, the calling thread has time to inflate, and else for `work`, which does a little of something and
 * gives false where nothing is left of it.
 */
export async function idleUntil(arrival: Promise<unknown>, work?: () => boolean): Promise<void> {
  idle++
  try {
    assign()
    let isThere = false
    const arrived = arrival.then(() => {
      isThere = true
    })
    while (work !== undefined && !isThere && isIdle() && work()) await nextTurn()
    await arrived
  } finally {
    idle--
  }
}

function isIdle(): boolean {
  return here === 0 && idle === inThreads
}

function assign(): void {
  // Of the threads, some may hash: what would have to wait for that is rather inflated here.
  const free = partThreads.hasRoom(maxPartThreads)
  while (free && inThreads < maxPartThreads && begin('thread')) inThreads++
  if (isIdle() && begin('here')) here++
}

/** The largest begins; false where none waits. */
function begin(place: Place): boolean {
  askers.sort((a, b) => b.size - a.size)
  const largest = askers.shift()
  largest?.go(place)
  return largest !== undefined
}

/** Lets others have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

import { readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { readAt } from '#io/file.ts'
import type { FileRegion } from './blob.ts'
import type { LayerWalk } from './layer-walk.ts'

/** Measured: from 8 to 32 KiB costs the same; larger windows read more that nobody looks at. */
const windowBytes = 2 ** 14

/** So many windows between two chances for other work. */
const turnWindows = 128

/** Reads a region by way of a window that moves over it: what lies in the window is not read from the file again. */
class RegionWindow {
  readonly #region: FileRegion
  readonly #buffer = new Uint8Array(windowBytes)
  #start = 0
  #length = 0

  constructor(region: FileRegion) {
    this.#region = region
  }

  /** Moves the window and gives what is seen through it, until it is moved again; empty at the region's end. */
  at(position: number): Uint8Array {
    const { fd, offset, size } = this.#region
    this.#start = position
    this.#length = readSync(fd, this.#buffer, 0, Math.min(windowBytes, size - position), offset + position)
    return this.#buffer.subarray(0, this.#length)
  }

  /** Bytes in new memory; fewer where the region ends before. */
  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    const from = position - this.#start
    if (from >= 0 && from + length <= this.#length) return this.#buffer.slice(from, from + length)
    const { fd, offset, size } = this.#region
    return readAt(fd, offset + position, Math.max(0, Math.min(length, size - position)))
  }
}

/**
 * Walks an uncompressed layer where it lies, reading its headers and what is between small files, and passing over the
 * rest. `pass` is told of all bytes before they are looked at or passed over; false ends the walk. Resolves with the
 * system's error where the file cannot be read.
 */
export async function walkRegion(
  region: FileRegion,
  walk: LayerWalk,
  pass: (count: number) => boolean,
): Promise<{ readonly error: unknown } | undefined> {
  const window = new RegionWindow(region)
  walk.readInPlace(window)
  let position = 0
  for (let turn = 1; position < region.size && !walk.isOver; turn++) {
    let bytes: Uint8Array
    try {
      bytes = window.at(position)
    } catch (error) {
      return { error }
    }
    if (bytes.length === 0 || !pass(bytes.length)) return undefined
    walk.push(bytes)
    position += bytes.length
    const passed = Math.min(walk.skippable, region.size - position)
    if (passed > 0) {
      if (!pass(passed)) return undefined
      walk.skip(passed)
      position += passed
    }
    if (turn % turnWindows === 0) await setImmediate()
  }
  return undefined
}

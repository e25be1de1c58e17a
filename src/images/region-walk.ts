import { setImmediate } from 'node:timers/promises'
import { readAt } from '#io/file.ts'
import { encodingOf } from '#io/inflate.ts'
import { isTarStart, tarBlock } from '#lib/tar-header.ts'
import type { FileRegion } from './blob.ts'
import type { LayerWalk } from './layer-walk.ts'

/** Measured: layers are mostly small files, and a read of this size brings the headers of several. */
const windowBytes = 2 ** 15

/** So many windows between two chances for other work. */
const turnWindows = 256

/** True for an uncompressed archive; false too where it cannot be read. */
export function isPlainTar(region: FileRegion): boolean {
  try {
    const head = readAt(region.fd, region.offset, Math.min(tarBlock, region.size))
    return encodingOf(head) === 'plain' && isTarStart(head)
  } catch {
    return false
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
  let position = 0
  for (let turn = 1; position < region.size && !walk.isOver; turn++) {
    let bytes: Uint8Array
    try {
      bytes = readAt(region.fd, region.offset + position, Math.min(windowBytes, region.size - position))
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

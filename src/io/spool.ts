import { randomUUID } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A temporary file that takes bytes at its end and gives them back anywhere. */
export interface Spool {
  readonly fd: number
  readonly append: (bytes: Uint8Array) => void
  /** Bytes written so far. */
  readonly size: () => number
  /** Of these, the bytes that take place on the disk: long runs of zeros do not. */
  readonly occupied: () => number
  /** Gives the space back. May be called more than once. */
  readonly close: () => void
}

/**
 * A spool in `folder`, which is made where it is missing. The file has no name from the start, where the system
 * allows that, so that a crash leaves nothing behind. Throws the system's error where there is no space.
 */
export function openSpool(folder: string): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `spool-${randomUUID()}`)
  const fd = openSync(path, 'wx+', 0o600)
  const isNameless = tryUnlink(path)
  let size = 0
  let occupied = 0
  let isOpen = true
  return {
    fd,
    size: () => size,
    occupied: () => occupied,
    append: bytes => {
      // Gigabytes of nothing, as bombs and swap files are, need no place on the disk and no time to write them.
      if (isZero(bytes)) {
        size += bytes.length
        ftruncateSync(fd, size)
        return
      }
      let written = 0
      while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, size + written)
      size += written
      occupied += written
    },
    close: () => {
      if (!isOpen) return
      isOpen = false
      closeSync(fd)
      if (!isNameless) tryUnlink(path)
    },
  }
}

const zeros = new Uint8Array(64 * 1024)

function isZero(bytes: Uint8Array): boolean {
  if (bytes.length < zeros.length) return false
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const length = Math.min(zeros.length, bytes.length - at)
    if (Buffer.compare(bytes.subarray(at, at + length), zeros.subarray(0, length)) !== 0) return false
  }
  return true
}

function tryUnlink(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}

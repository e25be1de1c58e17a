import type { Ring } from './part-questions.ts'

/** Pieces that one thread is ahead of another, at most. Measured: more, and larger ones, only take memory. */
const ringPieces = 6
const ringPieceBytes = 2 ** 19

/** Memory that two threads share; what nobody touches of it takes none. */
export function newRing(): Ring {
  return {
    pieces: Array.from({ length: ringPieces }, () => new Uint8Array(new SharedArrayBuffer(ringPieceBytes))),
    sizes: new Float64Array(new SharedArrayBuffer(2 * 8 * ringPieces)),
    counts: new Int32Array(new SharedArrayBuffer(3 * 4)),
  }
}

import { readAt } from '#io/file.ts'
import { expectHashing, hashPart, type PartDigest } from '#io/hash-pool.ts'
import { encodingOf } from '#io/inflate.ts'
import { expectInflating } from '#io/inflate-pool.ts'
import type { FileRegion } from './blob.ts'

/** Enough to tell compression and tar apart. */
export const headBytes = 512

/** The first bytes of a layer's file. Throws the system's error where it cannot be read. */
export function headOf(region: FileRegion): Uint8Array {
  return readAt(region.fd, region.offset, Math.min(headBytes, region.size))
}

/** A layer will be walked soon: starts the threads for it, while the program loads what reads the layer. */
export function expectWalk(region: FileRegion): void {
  expectHashing()
  try {
    const encoding = encodingOf(headOf(region))
    if (encoding === 'gzip' || encoding === 'zstd') expectInflating()
  } catch {
    // Told when the layer is walked.
  }
}

/** Digests of a layer's file, which a second walk over the layer need not make again. */
export class RegionDigests {
  /** By the mark of the file's content. */
  readonly #made = new Map<string, Promise<PartDigest>>()

  async make(
    region: FileRegion,
    mark: string,
    { algorithms, signal }: { readonly algorithms: readonly string[]; readonly signal: AbortSignal },
  ): Promise<PartDigest> {
    if (algorithms.length === 0) return { hex: [], bytes: region.size }
    const known = this.#made.get(mark)
    if (known !== undefined) return known
    const making = hashPart(region, algorithms, signal)
    this.#made.set(mark, making)
    making.catch(() => this.#made.delete(mark))
    return making
  }
}

import { readAt, readChunks } from '#io/file.ts'
import { type Encoding, encodingOf, inflate } from '#io/inflate.ts'
import { openSpool } from '#io/spool.ts'
import { Failure } from '#lib/failure.ts'
import { limitDetail, limitsWith } from '#model/limits.ts'
import type { Problem } from '#model/problem.ts'
import type { FileRegion } from './blob.ts'
import { isBomb } from './budget.ts'
import type { OpenOptions } from './types.ts'

/** From here on the ratio counts for bytes that take place on the disk: unlike zeros, no real ones repeat so much. */
const occupiedFrom = 256 * 2 ** 20

/** An open archive and how it is released. */
export interface ArchiveFile {
  readonly region: FileRegion
  readonly close: () => Promise<void>
}

/** The uncompressed archive: itself, or a temporary copy, in which case the original is closed. Throws `Failure`. */
export async function plainArchive(
  archive: ArchiveFile,
  name: string,
  options: OpenOptions,
): Promise<ArchiveFile & { readonly problems: readonly Problem[] }> {
  const { region } = archive
  const head = readAt(region.fd, region.offset, 512)
  const encoding = encodingOf(head)
  if (encoding === 'plain') return { ...archive, problems: [] }
  if (!isInflatable(encoding)) {
    throw new Failure('image/not-an-image', `${name} is compressed with ${encoding}, which Sluice does not read`)
  }
  const spool = openSpoolIn(options.temporary)
  const problems: Problem[] = []
  const limits = limitsWith(options.limits ?? {})
  try {
    let stored = 0
    const source = withProgress(region, name, { ...options, count: bytes => (stored += bytes) })
    const fault = await inflate(encoding, source, bytes => {
      const size = spool.size() + bytes.length
      const isTooDense =
        isBomb(size, region.size, limits) ||
        isBomb(spool.occupied(), stored, { ...limits, 'inflate-ratio-from': occupiedFrom })
      const name = size > limits['target-bytes'] ? 'target-bytes' : isTooDense && 'inflate-ratio'
      if (name === false) spool.append(bytes)
      else problems.push({ code: 'limit', detail: limitDetail('The image archive is too large', name, limits) })
      return name === false
    })
    if (fault !== undefined)
      problems.push({ code: fault.code, detail: `The image archive is damaged: ${fault.detail}` })
  } catch (cause) {
    spool.close()
    if (cause instanceof Failure || options.signal?.aborted) throw cause
    throw new Failure('image/unspooled', `A temporary file cannot be written in ${options.temporary}`, { cause })
  }
  await archive.close()
  return {
    region: { fd: spool.fd, offset: 0, size: spool.size() },
    close: async () => spool.close(),
    problems,
  }
}

/** A spool, or the `Failure` that says why not. */
export function openSpoolIn(folder: string): ReturnType<typeof openSpool> {
  try {
    return openSpool(folder)
  } catch (cause) {
    throw new Failure('image/unspooled', `A temporary file cannot be made in ${folder}`, { cause })
  }
}

async function* withProgress(
  region: FileRegion,
  name: string,
  options: OpenOptions & { readonly count: (bytes: number) => void },
): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of readChunks(region, options.signal)) {
    done += chunk.length
    options.count(chunk.length)
    yield chunk
    options.progress?.({ id: name, label: 'image archive', done, total: region.size })
  }
}

/** True for compression that Sluice can undo. */
export function isInflatable(encoding: Encoding): encoding is 'gzip' | 'zstd' {
  return encoding === 'gzip' || encoding === 'zstd'
}

import { stdin } from 'node:process'
import { Failure } from '#lib/failure.ts'
import { limitDetail, limitsWith } from '#model/limits.ts'
import { openArchiveFile } from './archive.ts'
import { openSpoolIn } from './plain-archive.ts'
import type { OpenedTarget, OpenOptions } from './types.ts'

/** Opens an image archive that comes on standard input, as in `docker save shop | sluice scan -`. Throws `Failure`. */
export async function open(name: string, options: OpenOptions): Promise<OpenedTarget> {
  if (stdin.isTTY) {
    const hint = 'Pipe an image archive into it, as in: docker save NAME | sluice scan -'
    throw new Failure('image/not-found', 'Nothing comes on standard input', { hint })
  }
  return await openStream(stdin, name, options)
}

/** The same for any stream: its bytes are kept in a temporary file while the target is open. */
export async function openStream(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  options: OpenOptions,
): Promise<OpenedTarget> {
  const spool = openSpoolIn(options.temporary)
  const limits = limitsWith(options.limits ?? {})
  try {
    for await (const chunk of stream) {
      options.signal?.throwIfAborted()
      if (spool.size() + chunk.length > limits['target-bytes']) {
        throw new Failure('image/too-large', limitDetail(`The archive is too large`, 'target-bytes', limits))
      }
      spool.append(chunk)
      options.progress?.({ id: name, label: 'standard input', done: spool.size() })
    }
  } catch (cause) {
    spool.close()
    if (cause instanceof Failure || options.signal?.aborted) throw cause
    throw new Failure('image/unspooled', `Standard input cannot be kept in ${options.temporary}`, { cause })
  }
  if (spool.size() === 0) {
    spool.close()
    throw new Failure('image/not-an-image', 'Standard input is empty')
  }
  const archive = { region: { fd: spool.fd, offset: 0, size: spool.size() }, close: async () => spool.close() }
  return await openArchiveFile(archive, { name, preferred: 'docker-archive' }, options)
}

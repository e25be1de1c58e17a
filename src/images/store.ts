import { join } from 'node:path'
import { realPath } from '#io/directory.ts'
import { closeDescriptor, openRegularFile, readAt, readChunks } from '#io/file.ts'
import { hashPart } from '#io/hash-part.ts'
import { Failure } from '#lib/failure.ts'
import type { Problem } from '#model/problem.ts'
import { type ArchiveIndex, findMember } from './archive-index.ts'
import type { Blob, FileRegion } from './blob.ts'
import { normalizePath } from './layer-entry.ts'

/** Files by path: those of a directory, or those in a tar archive. */
export interface FileStore {
  /** A file as it lies there; undefined where there is none. The store keeps it open until it is closed itself. */
  readonly find: (path: string) => Promise<FileRegion | undefined>
  readonly paths: () => readonly string[]
  readonly problems: readonly Problem[]
  readonly close: () => Promise<void>
}

/** The files of an uncompressed tar archive in an open file, by its index. `close` releases the file. */
export function archiveStore(region: FileRegion, index: ArchiveIndex, close: () => Promise<void>): FileStore {
  return {
    find: async path => {
      const member = findMember(index, path)
      // A sparse member does not lie in one piece; no tool writes images like that.
      if (member === undefined || member.sparse !== undefined) return undefined
      const size = Math.max(0, Math.min(member.stored, region.size - member.offset))
      return { fd: region.fd, offset: region.offset + member.offset, size }
    },
    paths: () => [...index.members.keys()],
    problems: index.problems,
    close,
  }
}

/**
 * The files of a directory. What is no regular file is not there, and neither is what a link leads to outside of it,
 * unless that is a blob with the very digest that its name promises: build tools share blobs in this way.
 */
export function directoryStore(root: string): FileStore {
  const open = new Map<string, FileRegion>()
  return {
    find: async path => {
      const name = normalizePath(path)
      if (name === undefined) return undefined
      const known = open.get(name)
      if (known !== undefined) return known
      const file = await openRegularFile(join(root, name)).catch(cause => {
        if (isAbsent(cause)) return undefined
        throw new Failure('image/unreadable', `${join(root, name)} cannot be read`, { cause })
      })
      if (file === undefined) return undefined
      const region = { fd: file.fd, offset: 0, size: file.size }
      if (!isInside(join(root, name), root) && !(await isAsCalled(name, region))) {
        await closeDescriptor(file.fd)
        return undefined
      }
      open.set(name, region)
      return region
    },
    paths: () => [],
    problems: [],
    close: async () => {
      for (const { fd } of open.values()) await closeDescriptor(fd)
      open.clear()
    },
  }
}

function isInside(path: string, root: string): boolean {
  const [real, folder] = [path, root].map(one => realPath(Buffer.from(one)).toString('latin1')) as [string, string]
  return real.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** True for a blob whose name is the digest of its bytes. */
async function isAsCalled(name: string, region: FileRegion): Promise<boolean> {
  const blob = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(name)
  if (blob === null) return false
  const { hex } = await hashPart(region, [blob[1]!])
  return hex[0] === blob[2]
}

/** Bytes that lie in an open file, as a blob. */
export function regionBlob(region: FileRegion): Blob {
  return { size: region.size, region, stream: signal => readChunks(region, signal) }
}

/** A whole small file; `Failure` where it is missing or larger than `maxBytes`. */
export async function readDocument(store: FileStore, path: string, maxBytes: number): Promise<Uint8Array> {
  const region = await store.find(path)
  if (region === undefined) throw new Failure('image/damaged', `The image has no ${path}`)
  if (region.size > maxBytes) throw new Failure('image/damaged', `${path} is larger than ${maxBytes} bytes`)
  return readAt(region.fd, region.offset, region.size)
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}

import { closeDescriptor, openRegularFile, readAt, readChunks } from '#io/file.ts'
import { encodingOf, inflate } from '#io/inflate.ts'
import { Failure } from '#lib/failure.ts'
import { TarParser } from '#lib/tar.ts'
import { isTarStart } from '#lib/tar-header.ts'
import type { TarMember } from '#lib/tar-member.ts'
import { type ArchiveIndex, findMember, indexArchive } from './archive-index.ts'
import type { FileRegion } from './blob.ts'
import { openDockerArchive } from './docker-archive.ts'
import { openImage } from './image.ts'
import { locate } from './locate.ts'
import { openOciLayout } from './oci-layout.ts'
import { type ArchiveFile, isInflatable, plainArchive } from './plain-archive.ts'
import { archiveStore } from './store.ts'
import type { OpenedTarget, OpenOptions } from './types.ts'

/** The two ways in which a tar archive holds images. */
export type ArchiveScheme = 'docker-archive' | 'oci-archive'

/** How much of a compressed archive is inflated to find out what it is. */
const sniffBytes = 32 * 2 ** 20

/** Opens what `docker save` wrote, by `path[:tag]`. Throws `Failure`. */
export async function openDocker(name: string, options: OpenOptions): Promise<OpenedTarget> {
  return await openArchive(name, options, 'docker-archive')
}

/** Opens an OCI layout in a tar archive, by `path[:tag]`. Throws `Failure`. */
export async function openOci(name: string, options: OpenOptions): Promise<OpenedTarget> {
  return await openArchive(name, options, 'oci-archive')
}

/** True where a name is `path[:tag]` of an image archive in this layout. */
export async function isArchive(name: string, scheme: ArchiveScheme): Promise<boolean> {
  const located = await locate(name).catch(() => undefined)
  return located?.kind === 'file' && (await sniffArchive(located.path)) === scheme
}

/**
 * Opens an image archive by `path[:tag]`. Archives compressed as a whole are inflated into a temporary file. The
 * content decides between the two layouts; where it allows both, `preferred` does. Throws `Failure`.
 */
async function openArchive(name: string, options: OpenOptions, preferred: ArchiveScheme): Promise<OpenedTarget> {
  const { path, kind, choice } = await locate(name)
  const hint = kind === 'directory' ? `Name it as oci:${path}, rootfs:${path} or dir:${path}` : undefined
  if (kind === 'directory') throw new Failure('image/not-an-image', `${path} is a directory, not an archive`, { hint })
  const file = await openRegularFile(path).catch(cause => {
    throw new Failure('image/unreadable', `${path} cannot be read`, { cause })
  })
  if (file === undefined) throw new Failure('image/not-an-image', `${path} is no regular file`)
  const archive: ArchiveFile = {
    region: { fd: file.fd, offset: 0, size: file.size },
    close: () => closeDescriptor(file.fd),
  }
  return await openArchiveFile(archive, { name, choice, preferred }, options)
}

/** The same for an archive that is open already; it is closed with the target, or where this throws. */
export async function openArchiveFile(
  archive: ArchiveFile,
  named: { readonly name: string; readonly choice?: string; readonly preferred: ArchiveScheme },
  options: OpenOptions,
): Promise<OpenedTarget> {
  let plain: Awaited<ReturnType<typeof plainArchive>> | undefined
  try {
    plain = await plainArchive(archive, named.name, options)
    const index = indexArchive(plain.region)
    const scheme = schemeOf(index, named.preferred)
    if (scheme === undefined) throw notAnImage(named.name, index)
    const store = archiveStore(plain.region, index, plain.close)
    const request = { scheme, name: named.name, choice: named.choice, platform: options.platform }
    const parts = await (scheme === 'docker-archive' ? openDockerArchive : openOciLayout)(store, request)
    const opened = openImage(parts, options)
    return { ...opened, problems: [...plain.problems, ...index.problems, ...opened.problems] }
  } catch (error) {
    await (plain ?? archive).close()
    throw error
  }
}

/** Which layout a file has, read as cheaply as its compression allows; undefined where it is no image archive. */
async function sniffArchive(path: string): Promise<ArchiveScheme | undefined> {
  const file = await openRegularFile(path).catch(() => undefined)
  if (file === undefined) return undefined
  const region = { fd: file.fd, offset: 0, size: file.size }
  try {
    const head = readAt(file.fd, 0, 512)
    const encoding = encodingOf(head)
    if (encoding === 'plain') return isTarStart(head) ? schemeOf(indexArchive(region), 'docker-archive') : undefined
    return isInflatable(encoding) ? await sniffInflated(encoding, region) : undefined
  } catch {
    return undefined
  } finally {
    await closeDescriptor(file.fd)
  }
}

function schemeOf(index: ArchiveIndex, preferred: ArchiveScheme): ArchiveScheme | undefined {
  const isDocker = findMember(index, 'manifest.json') !== undefined
  const isOci = findMember(index, 'index.json') !== undefined
  if (isDocker && isOci) return preferred
  return isDocker ? 'docker-archive' : isOci ? 'oci-archive' : undefined
}

/** The beginning of a compressed archive, whose documents may come last: the names that do come first tell it. */
async function sniffInflated(encoding: 'gzip' | 'zstd', region: FileRegion): Promise<ArchiveScheme | undefined> {
  const names: string[] = []
  let size = 0
  const ignore = () => undefined
  const member = ({ name }: TarMember) => {
    names.push(name.replace(/^\.\//, ''))
    return false
  }
  const parser = new TarParser({ member, data: ignore, done: ignore, fault: ignore }, { members: 1000 })
  await inflate(encoding, readChunks(region), bytes => {
    parser.push(bytes)
    size += bytes.length
    return size < sniffBytes && !parser.stopped && !parser.ended
  })
  if (names.some(name => name === 'manifest.json' || /^[^/]+\/layer\.tar$/.test(name))) return 'docker-archive'
  return names.some(name => name === 'index.json' || name.startsWith('blobs/sha256/')) ? 'oci-archive' : undefined
}

function notAnImage(name: string, index: ArchiveIndex): Failure {
  if (index.members.size === 0) return new Failure('image/not-an-image', `${name} is no image archive`)
  const isOld = findMember(index, 'repositories') !== undefined
  const hint = isOld
    ? 'Save the image again with Docker 1.10 or later'
    : `If it is the root file system of a container, name it as rootfs:${name}`
  return new Failure('image/not-an-image', `${name} holds files, but no image`, { hint })
}

import { readAt } from '#io/file.ts'
import { TarParser } from '#lib/tar.ts'
import type { TarMember } from '#lib/tar-member.ts'
import type { Problem } from '#model/problem.ts'
import type { FileRegion } from './blob.ts'
import { normalizePath } from './layer-entry.ts'

/** Members of an image archive, at most: it holds a few per layer. */
const maxMembers = 100_000

/** Symbolic links in a row, at most. */
const maxHops = 16

/** Headers are read in pieces of this many bytes: bodies between them are passed over. */
const windowBytes = 4096

/** Where the members of an uncompressed tar archive lie in its file. */
export interface ArchiveIndex {
  /** By normalised path; of a path that comes twice the last one counts. */
  readonly members: ReadonlyMap<string, TarMember>
  readonly problems: readonly Problem[]
}

/** Reads the headers of a tar archive in an open file; bodies are not touched. Never throws on damaged bytes. */
export function indexArchive(region: FileRegion): ArchiveIndex {
  const members = new Map<string, TarMember>()
  const problems: Problem[] = []
  const parser = new TarParser(
    {
      member: member => {
        const path = normalizePath(member.name)
        if (path !== undefined && path !== '') members.set(path, member)
        return false
      },
      data: () => undefined,
      done: () => undefined,
      fault: ({ code, detail }) => problems.push({ code, detail: `The image archive is damaged: ${detail}` }),
    },
    { members: maxMembers },
  )
  let position = 0
  while (position < region.size && !parser.stopped && !parser.ended) {
    const bytes = readAt(region.fd, region.offset + position, Math.min(windowBytes, region.size - position))
    if (bytes.length === 0) break
    parser.push(bytes)
    position += bytes.length
    const passed = Math.min(parser.skippable, region.size - position)
    parser.skip(passed)
    position += passed
  }
  // What follows the end of an image archive is no part of it.
  if (!parser.ended) parser.end()
  return { members, problems }
}

/**
 * The file that a path of the archive leads to, through symbolic and hard links (`docker save` links equal layers).
 * Undefined where there is none.
 */
export function findMember(index: ArchiveIndex, path: string): TarMember | undefined {
  let current = normalizePath(path)
  for (let hop = 0; hop < maxHops && current !== undefined; hop++) {
    const member = index.members.get(current)
    if (member?.kind === 'symlink') {
      const folder = current.slice(0, current.lastIndexOf('/') + 1)
      current = normalizePath(member.linkName.startsWith('/') ? member.linkName : folder + member.linkName)
    } else if (member?.kind === 'hardlink') current = normalizePath(member.linkName)
    else return member?.kind === 'file' ? member : undefined
  }
  return undefined
}

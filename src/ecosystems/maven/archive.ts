import type { FileProblem } from '#ecosystems/types.ts'
import type { ByteSource } from '#lib/byte-source.ts'
import { LimitError } from '#lib/limit-error.ts'
import { baseName } from '#lib/text.ts'
import {
  type InflateRaw,
  readZipDirectory,
  readZipMember,
  storedZipMember,
  type ZipDirectory,
  type ZipEntry,
} from '#lib/zip.ts'
import { ZipError } from '#lib/zip-error.ts'
import { defaultLimits, type LimitName, type Limits, limitDetail } from '#model/limits.ts'
import type { Coordinates } from './coordinates.ts'
import { identifyArchive } from './identify.ts'
import type { ArchiveMembers } from './members.ts'
import { hasSharedEnding, isArchive } from './places.ts'

/** A package found in an archive. */
export interface ArchivedPackage extends Coordinates {
  /** Way from the outermost file, each step led by `!/`; empty for the file itself. */
  readonly inner: string
  readonly licenses: readonly string[]
}

/** What an archive and all archives in it hold. */
export interface ArchiveContents {
  readonly packages: readonly ArchivedPackage[]
  readonly problems: readonly FileProblem[]
}

/** Problems told of one file; more are counted. */
const maxProblems = 20

/** Identity and manifests are small; larger ones are refused. */
const maxTextBytes = 4 * 1024 * 1024

/**
 * Reads an archive and, without unpacking more than is needed, every archive inside. What one of them hides (damage,
 * encryption, a limit) is a problem of its own; the rest is read all the same. Never throws.
 */
export function readArchive(
  file: { readonly path: string; readonly source: ByteSource; readonly inflate: InflateRaw },
  limits: Limits = defaultLimits,
): ArchiveContents {
  const walk: Walk = { inflate: file.inflate, limits, packages: [], problems: [], archives: 0, inflated: 0, held: 0 }
  visit(walk, { path: file.path, inner: '', source: file.source, depth: 0 })
  const hidden = walk.problems.length - maxProblems
  if (hidden > 0) {
    walk.problems.length = maxProblems
    walk.problems.push({ code: 'unreadable', detail: `${hidden} more parts of the archive could not be read` })
  }
  return { packages: walk.packages, problems: walk.problems }
}

interface Walk {
  readonly inflate: InflateRaw
  readonly limits: Limits
  readonly packages: ArchivedPackage[]
  readonly problems: FileProblem[]
  archives: number
  inflated: number
  held: number
}

interface Archive {
  /** Name of the archive, with its directories in the outermost tree or in the archive around it. */
  readonly path: string
  readonly inner: string
  readonly source: ByteSource
  readonly depth: number
}

function visit(walk: Walk, archive: Archive): void {
  attempt(walk, archive, () => {
    if (++walk.archives > walk.limits['archive-count'])
      throw excess('too many archives in one file', 'archive-count', walk)
    if (walk.packages.length > walk.limits['target-packages'])
      throw excess('too many packages in one file', 'target-packages', walk)
    const directory = readZipDirectory(archive.source)
    for (const fault of directory.faults) walk.problems.push(problemAt(archive.inner, 'unreadable', fault))
    const members = membersOf(walk, archive, directory)
    for (const found of identifyArchive(archive, members)) walk.packages.push({ ...found, inner: archive.inner })
    for (const entry of directory.entries) if (isNested(entry)) descend(walk, { archive, directory, entry })
  })
}

function isNested(entry: ZipEntry): boolean {
  return entry.size > 0 && isArchive(entry.name)
}

function descend(
  walk: Walk,
  place: { readonly archive: Archive; readonly directory: ZipDirectory; readonly entry: ZipEntry },
): void {
  const { archive, directory, entry } = place
  const inner = `${archive.inner}!/${entry.name}`
  const next = { path: entry.name, inner, depth: archive.depth + 1 }
  attempt(walk, { ...archive, ...next }, () => {
    if (next.depth > walk.limits['archive-depth']) throw excess('archives are nested too deep', 'archive-depth', walk)
    if (entry.method === 0) {
      visit(walk, { ...next, source: storedZipMember(archive.source, directory, entry) })
      return
    }
    const room = walk.limits['archive-bytes'] - walk.inflated
    if (entry.size > room) throw excess('the archives inside are too large', 'archive-bytes', walk)
    const free = walk.limits['archive-memory'] - walk.held
    if (entry.size > free) throw excess('the archives inside are too large', 'archive-memory', walk)
    walk.inflated += entry.size
    walk.held += entry.size
    try {
      const bytes = readZipMember(archive.source, directory, {
        entry,
        maxBytes: Math.min(room, free),
        inflate: walk.inflate,
      })
      const read = (offset: number, length: number): Uint8Array =>
        bytes.subarray(Math.max(0, offset), Math.max(0, offset) + length)
      visit(walk, { ...next, source: { size: bytes.length, read } })
    } finally {
      walk.held -= entry.size
    }
  })
}

/** Names and small texts of an archive, as identification asks for them; unreadable ones become problems. */
function membersOf(walk: Walk, archive: Archive, directory: ZipDirectory): ArchiveMembers {
  const read = (entry: ZipEntry): Uint8Array | undefined => {
    let bytes: Uint8Array | undefined
    attempt(walk, archive, () => {
      bytes = readZipMember(archive.source, directory, { entry, maxBytes: maxTextBytes, inflate: walk.inflate })
    })
    return bytes
  }
  return { entries: directory.entries, read }
}

function excess(what: string, name: LimitName, { limits }: Walk): LimitError {
  return new LimitError(limitDetail(what, name, limits))
}

function attempt(walk: Walk, archive: Archive, run: () => void): void {
  try {
    run()
  } catch (error) {
    const problem = problemOf(archive, error)
    if (problem !== undefined) walk.problems.push(problem)
  }
}

function problemOf(archive: Archive, error: unknown): FileProblem | undefined {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof LimitError) return problemAt(archive.inner, 'limit', message)
  if (!(error instanceof ZipError)) return problemAt(archive.inner, 'unreadable', message)
  if (error.fault === 'not-zip')
    return hasSharedEnding(archive.path) ? undefined : problemAt(archive.inner, 'unreadable', message)
  return problemAt(archive.inner, error.fault === 'damaged' ? 'unreadable' : error.fault, message)
}

function problemAt(inner: string, code: FileProblem['code'], message: string): FileProblem {
  return { code, detail: inner === '' ? message : `${baseName(inner)}: ${message}` }
}

import { closeSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Download, download, dropDownload } from '#advisories/store/download.ts'
import { type FeedPlace, type Transferred, transfer, type Validators } from '#advisories/store/transfer.ts'
import { openRegularFile, readAt } from '#io/file.ts'
import type { HttpClient } from '#io/http.ts'
import type { ByteSource } from '#lib/byte-source.ts'
import { Failure } from '#lib/failure.ts'

/** A place laid out as the OSV bucket: `<Ecosystem>/all.zip`, `<Ecosystem>/modified_id.csv`, `<Ecosystem>/<ID>.json`. */
export interface OsvBucket {
  readonly origin: 'network' | 'import'
  /** True for copies: nobody says how long ago they were made, but their newest record. */
  readonly isCopy: boolean
  /** For people. */
  readonly from: string
  /** Ecosystems on offer, without release. */
  readonly ecosystems: () => Promise<readonly string[]>
  /** `modified_id.csv`; `unchanged` where it is as `previous` says; undefined where there is none. */
  readonly index: (ecosystem: string, previous?: Validators) => Promise<Transferred | 'unchanged' | undefined>
  /** `all.zip`, to be closed by the caller; undefined where there is none. */
  readonly archive: (ecosystem: string) => Promise<OsvArchive | undefined>
  /** One record's JSON; undefined where there is none. */
  readonly record: (ecosystem: string, id: string) => Promise<Uint8Array | undefined>
}

/** An archive on disk. */
export interface OsvArchive extends ByteSource {
  /** `done`: its content was taken, so a downloaded copy is of no further use. */
  readonly close: (done: boolean) => void
}

/** Bounds, several times the largest real ones and small enough to be read whole in 512 MB. */
const maxIndexBytes = 32 * 1024 * 1024
const maxRecordBytes = 8 * 1024 * 1024
const maxArchiveBytes = 2 * 1024 * 1024 * 1024

/** A folder laid out as the bucket. */
export function directoryBucket(root: string): OsvBucket {
  const place = (...parts: string[]): FeedPlace => ({ kind: 'file', path: join(root, ...parts) })
  const folders = new Map(bucketFolders(root))
  return {
    origin: 'import',
    isCopy: true,
    from: root,
    ecosystems: async () => [...folders.keys()].sort(),
    index: ecosystem =>
      transfer(place(folders.get(ecosystem) ?? ecosystem, 'modified_id.csv'), { maxBytes: maxIndexBytes }),
    archive: ecosystem => openArchive(join(root, folders.get(ecosystem) ?? ecosystem, 'all.zip'), () => undefined),
    record: async (ecosystem, id) =>
      bytesOf(await transfer(place(folders.get(ecosystem) ?? ecosystem, `${id}.json`), { maxBytes: maxRecordBytes })),
  }
}

/** Ecosystems in a folder laid out as the bucket, each with its folder's name (which a mirror may have percent-encoded). */
export function bucketFolders(root: string): readonly (readonly [ecosystem: string, folder: string])[] {
  try {
    return readdirSync(root)
      .filter(name => statSync(join(root, name, 'all.zip'), { throwIfNoEntry: false })?.isFile())
      .map(name => [decodeName(name), name] as const)
  } catch {
    return []
  }
}

/** How the public bucket or a mirror is reached. */
export interface RemoteOptions {
  /** Base URL without a slash at the end. */
  readonly url: string
  readonly client: Pick<HttpClient, 'request'>
  readonly isCopy: boolean
  /** Where archives are kept while they arrive. */
  readonly downloads: string
  readonly onProgress?: (ecosystem: string, done: number, total: number | undefined) => void
  readonly signal?: AbortSignal
}

/** The bucket over HTTP. */
export function remoteBucket({ url, client, isCopy, downloads, onProgress, signal }: RemoteOptions): OsvBucket {
  const address = (...parts: string[]): string => [url, ...parts.map(encodeURIComponent)].join('/')
  const place = (...parts: string[]): FeedPlace => ({ kind: 'network', url: address(...parts), client, isCopy })
  return {
    origin: 'network',
    isCopy,
    from: url,
    ecosystems: async () => {
      const listed = bytesOf(await transfer(place('ecosystems.txt'), { maxBytes: 1024 * 1024, signal }))
      if (listed === undefined) throw new Failure('feeds/not-found', `${url} has no ecosystems.txt`)
      const names = Buffer.from(listed).toString('utf8').split(/\r?\n/)
      return [...new Set(names.filter(name => name !== '' && !name.includes(':')))].sort()
    },
    index: (ecosystem, previous) =>
      transfer(place(ecosystem, 'modified_id.csv'), { maxBytes: maxIndexBytes, previous, signal }),
    archive: async ecosystem => {
      const part = { folder: downloads, name: encodeURIComponent(ecosystem) }
      const path = await downloaded({
        ...part,
        client,
        url: address(ecosystem, 'all.zip'),
        maxBytes: maxArchiveBytes,
        onProgress: (done, total) => onProgress?.(ecosystem, done, total),
        signal,
      })
      return path === undefined ? undefined : openArchive(path, () => dropDownload(part))
    },
    record: async (ecosystem, id) =>
      bytesOf(await transfer(place(ecosystem, `${id}.json`), { maxBytes: maxRecordBytes, signal })),
  }
}

async function downloaded(wanted: Download): Promise<string | undefined> {
  try {
    return await download(wanted)
  } catch (error) {
    if (error instanceof Failure && error.code === 'feeds/not-found') return undefined
    throw error
  }
}

function bytesOf(transferred: Transferred | 'unchanged' | undefined): Uint8Array | undefined {
  return typeof transferred === 'object' ? transferred.bytes : undefined
}

async function openArchive(path: string, onDone: () => void): Promise<OsvArchive | undefined> {
  const file = await openRegularFile(path).catch(error => {
    throw new Failure('feeds/unreadable', `${path} cannot be read`, { cause: error })
  })
  if (file === undefined) return undefined
  return {
    size: file.size,
    read: (offset, length) => readAt(file.fd, offset, Math.max(0, Math.min(length, file.size - offset))),
    close: done => {
      closeSync(file.fd)
      if (done) onDone()
    },
  }
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

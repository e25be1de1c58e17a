import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { HttpClient, HttpResponse } from '#io/http.ts'
import { Failure } from '#lib/failure.ts'
import { asString, member, parseJson } from '#lib/json.ts'
import { statusFailure, type Validators, validatorsOf } from './transfer.ts'

/** A large file to be kept on disk while it arrives. */
export interface Download {
  readonly client: Pick<HttpClient, 'request'>
  readonly url: string
  /** Where parts are kept, over processes. */
  readonly folder: string
  /** Name of the part in that folder. */
  readonly name: string
  readonly maxBytes: number
  readonly onProgress?: (done: number, total: number | undefined) => void
  readonly signal?: AbortSignal
}

/** Connections that may break without a new byte before a download is given up (what arrived is kept for the next update). */
const maxBreaks = 5

/** Of a file whose server does not say how long it is: every source does. */
const maxUnannounced = 2 ** 30

/** Connections that may break in all: a server that gives a byte for each would never end. */
const maxBreaksInAll = 50

/**
 * Downloads a file and returns its path. A part left by a broken connection or a killed process is continued with
 * `Range` and `If-Range` (RFC 9110 section 14), so that parts of two versions never meet. Throws `Failure`;
 * `feeds/not-found` where the server does not have the file.
 */
export async function download(wanted: Download): Promise<string> {
  mkdirSync(wanted.folder, { recursive: true })
  for (let breaks = 0, all = 1; ; all++) {
    const before = partSize(wanted)
    try {
      return await advance(wanted)
    } catch (error) {
      const isPassing = error instanceof Failure && (error.code === 'http/cut' || error.code === 'http/timeout')
      if (!isPassing || wanted.signal?.aborted) throw error
      breaks = partSize(wanted) > before ? 1 : breaks + 1
      if (breaks >= maxBreaks || all >= maxBreaksInAll) throw error
    }
  }
}

/** Forgets a download, whole or not. */
export function dropDownload({ folder, name }: Pick<Download, 'folder' | 'name'>): void {
  rmSync(join(folder, `${name}.part`), { force: true })
  rmSync(join(folder, `${name}.json`), { force: true })
}

async function advance(wanted: Download): Promise<string> {
  const { client, url, folder, name, signal } = wanted
  const path = join(folder, `${name}.part`)
  const known = readState(wanted)
  const size = known === undefined ? 0 : partSize(wanted)
  const condition = known?.etag ?? known?.lastModified
  const resumes = size > 0 && condition !== undefined
  const response = await client.request({
    url,
    headers: resumes ? { range: `bytes=${size}-`, 'if-range': condition } : {},
    signal,
  })
  if (response.status === 416 && resumes) {
    response.discard()
    // Whole already, or not the same file any more: only the size tells.
    if (totalOf(response) === size) return path
    dropDownload(wanted)
    return advance(wanted)
  }
  const isRest = response.status === 206 && startOf(response) === size
  if (response.status !== 200 && !isRest) {
    response.discard()
    if (response.status === 404) throw new Failure('feeds/not-found', `There is no ${new URL(url).pathname}`)
    throw statusFailure(url, response.status)
  }
  if (!isRest) writeState(wanted, validatorsOf(response))
  try {
    await append(wanted, response, isRest ? size : 0)
  } catch (error) {
    response.discard()
    // The rest of it would be too large at the next time as well.
    if (error instanceof Failure && error.code === 'http/too-large') dropDownload(wanted)
    throw error
  }
  return path
}

async function append(wanted: Download, response: HttpResponse, from: number): Promise<void> {
  const length = Number(response.headers['content-length'] ?? Number.NaN)
  const total = Number.isNaN(length) ? undefined : from + length
  const most = total === undefined ? Math.min(maxUnannounced, wanted.maxBytes) : wanted.maxBytes
  const tooLarge = () => new Failure('http/too-large', `${new URL(wanted.url).pathname} is larger than ${most} bytes`)
  if (total !== undefined && total > most) throw tooLarge()
  const file = await open(join(wanted.folder, `${wanted.name}.part`), from === 0 ? 'w' : 'r+')
  try {
    let at = from
    for await (const chunk of response.body) {
      if (at + chunk.length > most) throw tooLarge()
      for (let done = 0; done < chunk.length; )
        done += (await file.write(chunk, done, chunk.length - done, at + done)).bytesWritten
      at += chunk.length
      wanted.onProgress?.(at, total)
    }
    await file.truncate(at)
  } finally {
    await file.close()
  }
}

function startOf(response: HttpResponse): number | undefined {
  const start = /^bytes (\d{1,15})-/.exec(response.headers['content-range'] ?? '')?.[1]
  return start === undefined ? undefined : Number(start)
}

function totalOf(response: HttpResponse): number | undefined {
  const total = /\/(\d{1,15})$/.exec(response.headers['content-range'] ?? '')?.[1]
  return total === undefined ? undefined : Number(total)
}

function partSize({ folder, name }: Download): number {
  return statSync(join(folder, `${name}.part`), { throwIfNoEntry: false })?.size ?? 0
}

function readState({ folder, name, url }: Download): Validators | undefined {
  try {
    const state = parseJson(readFileSync(join(folder, `${name}.json`), 'utf8'))
    if (member(state, 'url') !== url) return undefined
    // A weak tag does not promise the same bytes (RFC 9110 section 13.1.5).
    const etag = asString(member(state, 'etag'))
    return { etag: etag?.startsWith('"') ? etag : undefined, lastModified: asString(member(state, 'lastModified')) }
  } catch {
    return undefined
  }
}

function writeState(wanted: Download, validators: Validators): void {
  dropDownload(wanted)
  writeFileSync(join(wanted.folder, `${wanted.name}.json`), JSON.stringify({ url: wanted.url, ...validators }))
}

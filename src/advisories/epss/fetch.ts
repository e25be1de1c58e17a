import { gunzipSync } from 'node:zlib'
import { type FeedPlace, transfer, type Validators } from '#advisories/store/transfer.ts'
import { Failure } from '#lib/failure.ts'
import { type EpssScores, normalizeEpss } from './normalize.ts'

/** Several times the largest real ones: 3 MB, which become 11. */
const maxPackedBytes = 48 * 1024 * 1024
const maxBytes = 48 * 1024 * 1024

/** The day's scores; `unchanged` where the source says so. Throws `Failure` where they are missing or broken. */
export async function fetchEpss(
  place: FeedPlace,
  options: { readonly previous?: Validators; readonly signal?: AbortSignal },
): Promise<({ readonly content: EpssScores } & Validators) | 'unchanged'> {
  const file = await transfer(place, { maxBytes: maxPackedBytes, ...options })
  if (file === 'unchanged') return file
  if (file === undefined) throw new Failure('feeds/not-found', 'The EPSS scores are not there')
  const { bytes, ...validators } = file
  const content = normalizeEpss(inflate(bytes))
  if (typeof content === 'string') throw new Failure('feeds/broken', `EPSS: ${content}`)
  return { content, ...validators }
}

/** Text, from gzip or as it is: some servers inflate what they send. */
function inflate(bytes: Uint8Array): string {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return Buffer.from(bytes).toString('latin1')
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes }).toString('latin1')
  } catch (cause) {
    throw new Failure('feeds/broken', 'EPSS: the scores cannot be inflated', { cause })
  }
}

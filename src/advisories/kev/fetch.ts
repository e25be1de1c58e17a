import { type FeedPlace, transfer, type Validators } from '#advisories/store/transfer.ts'
import { Failure } from '#lib/failure.ts'
import { parseJson } from '#lib/json.ts'
import { type KevCatalog, normalizeKev } from './normalize.ts'

/** Several times the largest real one; what is parsed takes many times its size. */
const maxBytes = 8 * 1024 * 1024

/** The catalog as published; `unchanged` where the source says so. Throws `Failure` where it is missing or broken. */
export async function fetchKev(
  place: FeedPlace,
  options: { readonly previous?: Validators; readonly signal?: AbortSignal },
): Promise<({ readonly content: KevCatalog } & Validators) | 'unchanged'> {
  const file = await transfer(place, { maxBytes, ...options })
  if (file === 'unchanged') return file
  if (file === undefined) throw new Failure('feeds/not-found', 'The KEV catalog is not there')
  const { bytes, ...validators } = file
  const content = normalizeKev(parse(bytes))
  if (typeof content === 'string') throw new Failure('feeds/broken', `KEV: ${content}`)
  return { content, ...validators }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseJson(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new Failure('feeds/broken', 'KEV: the catalog is not JSON', { cause })
  }
}

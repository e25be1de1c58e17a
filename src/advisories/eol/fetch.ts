import { type FeedPlace, transfer, type Validators } from '#advisories/store/transfer.ts'
import { Failure } from '#lib/failure.ts'
import { parseJson } from '#lib/json.ts'
import { normalizeEol, type ReleaseCycle } from './normalize.ts'

/** Several times the largest real one; what is parsed takes many times its size. */
const maxBytes = 8 * 1024 * 1024

/** Support dates as published; `unchanged` where the source says so. Throws `Failure` where they are missing or broken. */
export async function fetchEol(
  place: FeedPlace,
  options: { readonly previous?: Validators; readonly signal?: AbortSignal },
): Promise<({ readonly content: readonly ReleaseCycle[] } & Validators) | 'unchanged'> {
  const file = await transfer(place, { maxBytes, ...options })
  if (file === 'unchanged') return file
  if (file === undefined) throw new Failure('feeds/not-found', 'The support dates are not there')
  const { bytes, ...validators } = file
  const content = normalizeEol(parse(bytes))
  if (typeof content === 'string') throw new Failure('feeds/broken', `endoflife.date: ${content}`)
  return { content, ...validators }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseJson(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new Failure('feeds/broken', 'endoflife.date: the support dates are not JSON', { cause })
  }
}

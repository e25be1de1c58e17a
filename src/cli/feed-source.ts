import type { HttpClient } from '#io/http.ts'
import { printable } from '#lib/terminal.ts'
import { usageFailure } from './flags.ts'

/** Where feeds are fetched from, and the client to do so; `client.close` when done. */
export interface FeedSource {
  /** Absent: the public ones. */
  readonly mirror?: string
  readonly client: HttpClient
}

/**
 * The public feeds, or the mirror whose address a person gave, through the proxies of the environment. Neither leads to
 * an internal address that was not named. Throws `cli/usage` where the address is none.
 */
export async function openFeedSource(mirror: string | undefined): Promise<FeedSource> {
  const url = mirror === undefined || mirror === '' ? undefined : readMirror(mirror)
  const [{ createHttpClient }, { proxiesFromEnvironment }, { advisorySources }] = await Promise.all([
    import('#io/http.ts'),
    import('#io/http-proxy.ts'),
    import('#advisories/index.ts'),
  ])
  const urls = url === undefined ? advisorySources.map(source => new URL(source.url)) : [url]
  const client = createHttpClient({
    proxies: proxiesFromEnvironment(process.env),
    namedHosts: urls.map(({ hostname }) => hostname),
    othersReach: 'public',
  })
  return url === undefined ? { client } : { mirror: url.href, client }
}

function readMirror(text: string): URL {
  const url = URL.parse(text) ?? undefined
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url !== undefined && isHttp && url.username === '' && url.password === '' && url.search === '' && url.hash === '')
    return url
  // The text may hold a password.
  const shown = /[@?#]/.test(text) ? '' : `, not '${printable(text)}'`
  throw usageFailure('feeds', `A mirror is an http:// or https:// address without user, query or fragment${shown}.`)
}

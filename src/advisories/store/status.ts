import { loadManifest, storeFolder } from './files.ts'
import type { FeedState } from './manifest.ts'
import { faultOf } from './open.ts'

/** One feed as `feeds status` shows it. */
export interface FeedStatus extends Omit<FeedState, 'etag' | 'lastModified'> {
  /** `osv/<Ecosystem>`, `kev`, `epss` or `eol`. */
  readonly feed: string
}

/** What the store in a data folder holds, and its size in bytes; undefined where there is none. Throws as `openStore`. */
export function feedsStatus(
  home: string,
): { readonly feeds: readonly FeedStatus[]; readonly size: number } | undefined {
  const folder = storeFolder(home)
  const manifest = loadManifest(folder)
  if (manifest === undefined) return undefined
  if (typeof manifest === 'string') throw faultOf(manifest, folder)
  const feeds = Object.entries(manifest.feeds)
    .map(([feed, { etag: _, lastModified: __, ...state }]) => ({ feed, ...state }))
    .sort((a, b) => (a.feed < b.feed ? -1 : 1))
  return { feeds, size: manifest.size }
}

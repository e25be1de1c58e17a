import type { Ecosystem, FileInfo, TreeMode } from '#ecosystems/types.ts'

/** The packages of Alpine, Wolfi, Chainguard and their relatives. */
export const apk: Ecosystem = {
  id: 'apk',
  title: 'Alpine packages',
  spec: 'https://wiki.alpinelinux.org/wiki/Apk_spec',
  kind: 'system',
  version: 2,
  wants,
  names: ['installed', 'os-release'],
  databases: ['lib/apk/db/installed', 'usr/lib/apk/db/installed'],
  load: async () => (await import('./catalog.ts')).cataloger,
  loadMatching: async () => (await import('./matching.ts')).matching,
}

/** The database at the root or, except in directories of source, of a root file system kept below it. */
function wants({ path }: FileInfo, mode: TreeMode): boolean {
  if (path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed') return true
  if (mode !== 'installed') return false
  return (
    path.endsWith('/lib/apk/db/installed') || path.endsWith('/etc/os-release') || path.endsWith('/usr/lib/os-release')
  )
}

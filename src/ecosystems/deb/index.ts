import type { Ecosystem, FileInfo, TreeMode } from '#ecosystems/types.ts'

/** The packages of Debian, Ubuntu and their relatives, distroless images included. */
export const deb: Ecosystem = {
  id: 'deb',
  title: 'Debian packages',
  spec: 'https://manpages.debian.org/dpkg-query',
  kind: 'system',
  version: 2,
  wants,
  names: ['copyright', 'os-release'],
  mayWantAllIn: directory => directory.includes('var/lib/dpkg/'),
  databases: ['var/lib/dpkg/status'],
  load: async () => (await import('./catalog.ts')).cataloger,
  loadMatching: async () => (await import('./matching.ts')).matching,
}

/** The database at the root or, except in directories of source, of a root file system kept below it. */
function wants({ path }: FileInfo, mode: TreeMode): boolean {
  if (path.endsWith('/copyright')) return isCopyright(path)
  if (path.endsWith('/etc/os-release') || path.endsWith('/usr/lib/os-release')) return mode === 'installed'
  const at = path.indexOf('var/lib/dpkg/')
  if (at < 0 || (at > 0 && (mode !== 'installed' || path[at - 1] !== '/'))) return false
  if (path.startsWith('info/', at + 13)) return path.endsWith('.list') || path.endsWith('.md5sums')
  return path.startsWith('status.d/', at + 13) || (path.length === at + 19 && path.endsWith('status'))
}

/** `usr/share/doc/<package>/copyright`, no deeper. */
function isCopyright(path: string): boolean {
  return path.startsWith('usr/share/doc/') && path.indexOf('/', 14) === path.length - 10
}

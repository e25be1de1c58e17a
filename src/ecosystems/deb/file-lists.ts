import { numberedLines } from '#lib/document-bounds.ts'

/** A file that a package installed: its path without leading `/`, and its MD5 in hexadecimal, or an empty string. */
export type ListedFile = readonly [path: string, md5: string]

/**
 * Reads `info/<package>.list`: one absolute path a line, directories included. Only paths that `keep` accepts are
 * returned. https://manpages.debian.org/dpkg-query, "--listfiles".
 */
export function parseFileList(text: string, keep: (path: string) => boolean): readonly ListedFile[] {
  const files: ListedFile[] = []
  for (const [, line] of numberedLines(text)) {
    const path = relative(line)
    if (path !== '' && keep(path)) files.push([path, ''])
  }
  return files
}

/** Reads `<package>.md5sums`: digest, two blanks, path. Lines of any other shape are passed over. https://manpages.debian.org/deb-md5sums */
export function parseMd5sums(text: string, keep: (path: string) => boolean): readonly ListedFile[] {
  const files: ListedFile[] = []
  for (const [, line] of numberedLines(text)) {
    if (line.charCodeAt(32) !== 0x20) continue
    const path = relative(line.slice(34))
    if (path === '' || !keep(path)) continue
    const digest = line.slice(0, 32)
    if (/^[0-9a-fA-F]{32}$/.test(digest)) files.push([path, digest.toLowerCase()])
  }
  return files
}

/** Paths are written `/usr/bin/x`, `./usr/bin/x` or `usr/bin/x`; the root itself is `/.`. */
function relative(path: string): string {
  const start = path.startsWith('./') ? 2 : path.startsWith('/') ? 1 : 0
  const end = path.endsWith('\r') ? path.length - 1 : path.length
  const rest = path.slice(start, end)
  return rest === '.' ? '' : rest
}

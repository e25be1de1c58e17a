import { eachLine } from '#lib/document-bounds.ts'

/** A file that a package installed: its path without leading `/`, and its MD5 in hexadecimal, or an empty string. */
export type ListedFile = readonly [path: string, md5: string]

/**
 * Reads `info/<package>.list`: one absolute path a line, directories included. Only paths that `keep` accepts are
 * returned. https://manpages.debian.org/dpkg-query, "--listfiles".
 */
export function parseFileList(text: string, keep: (path: string) => boolean): readonly ListedFile[] {
  const files: ListedFile[] = []
  eachLine(text, (start, end) => {
    const path = relative(text, start, end)
    if (path !== '' && keep(path)) files.push([path, ''])
  })
  return files
}

/** Reads `<package>.md5sums`: digest, two blanks, path. Lines of any other shape are passed over. https://manpages.debian.org/deb-md5sums */
export function parseMd5sums(text: string, keep: (path: string) => boolean): readonly ListedFile[] {
  const files: ListedFile[] = []
  eachLine(text, (start, end) => {
    if (end - start <= 34 || text.charCodeAt(start + 32) !== 0x20) return
    const path = relative(text, start + 34, end)
    if (path === '' || !keep(path)) return
    const digest = text.slice(start, start + 32)
    if (/^[0-9a-fA-F]{32}$/.test(digest)) files.push([path, digest.toLowerCase()])
  })
  return files
}

/** Paths are written `/usr/bin/x`, `./usr/bin/x` or `usr/bin/x`; the root itself is `/.`. */
function relative(text: string, start: number, end: number): string {
  const skipped = text.startsWith('./', start) ? 2 : text.charCodeAt(start) === 0x2f ? 1 : 0
  const kept = text.charCodeAt(end - 1) === 0x0d ? end - 1 : end
  const rest = text.slice(start + skipped, kept)
  return rest === '.' ? '' : rest
}

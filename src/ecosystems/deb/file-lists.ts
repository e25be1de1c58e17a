import type { AskedFiles } from '#ecosystems/types.ts'
import { eachLine } from '#lib/document-bounds.ts'

/**
 * The two files in which dpkg keeps what a package installed, as their names end. `.list` has one absolute path a line,
 * directories included (https://manpages.debian.org/dpkg-query, "--listfiles"); `.md5sums` has digest, two blanks and
 * path of regular files (https://manpages.debian.org/deb-md5sums).
 */
type ListForm = '.list' | '.md5sums'

/** To look for more of them in a whole list takes longer than to look at its lines. */
const fewNames = 16

/** Before the path in a line of `.md5sums`. */
const digestLength = 34

/**
 * Those lines of a list, as they stand, whose paths `keep` accepts: one text, since an image has ten thousand of them and
 * few are ever asked for. A directory is left out where the next line lies in it; lines of another shape always are.
 */
export function keptLines(text: string, form: ListForm, keep: (path: string) => boolean): string {
  const runs: string[] = []
  let run = -1
  eachLine(text, (start, end) => {
    const path = form === '.list' && holdsNext(text, start, end) ? '' : pathIn(text, form, start, end)
    if (path !== '' && keep(path)) {
      if (run < 0) run = start
    } else if (run >= 0) {
      runs.push(text.slice(run, start))
      run = -1
    }
  })
  if (run >= 0) runs.push(text.slice(run))
  return runs.join('')
}

/** A file that a package installed: its path without leading `/`, and its MD5 in hexadecimal, or an empty string. */
type ListedFile = readonly [path: string, md5: string]

/** Those files of a list that are asked for. */
export function listedFiles(text: string, form: ListForm, { names, isAsked }: AskedFiles): readonly ListedFile[] {
  const files: ListedFile[] = []
  // Few lists hold a file that is another ecosystem's, and most images ask for few names.
  if (names.size <= fewNames && ![...names].some(name => text.includes(name))) return files
  eachLine(text, (start, end) => {
    const path = pathIn(text, form, start, end)
    if (path === '' || !isAsked(path)) return
    const digest = form === '.list' ? '' : text.slice(start, start + 32)
    if (form === '.list' || /^[0-9a-fA-F]{32}$/.test(digest)) files.push([path, digest.toLowerCase()])
  })
  return files
}

/** True for a path under which the next line's is. */
function holdsNext(text: string, start: number, end: number): boolean {
  const next = end + 1
  return text.charCodeAt(next + end - start) === 0x2f && text.startsWith(text.slice(start, end), next)
}

/** The path in a line; empty where there is none. */
function pathIn(text: string, form: ListForm, start: number, end: number): string {
  if (form === '.list') return relative(text, start, end)
  if (end - start <= digestLength || text.charCodeAt(start + 32) !== 0x20) return ''
  return relative(text, start + digestLength, end)
}

/** Paths are written `/usr/bin/x`, `./usr/bin/x` or `usr/bin/x`; the root itself is `/.`. */
function relative(text: string, start: number, end: number): string {
  const skipped = text.startsWith('./', start) ? 2 : text.charCodeAt(start) === 0x2f ? 1 : 0
  const kept = text.charCodeAt(end - 1) === 0x0d ? end - 1 : end
  const rest = text.slice(start + skipped, kept)
  return rest === '.' ? '' : rest
}

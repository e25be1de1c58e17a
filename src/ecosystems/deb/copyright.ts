/** More distinct licences of one package are not kept. */
const maxLicenses = 100

/** A longer short name is no name. */
const maxName = 200

/**
 * The licences that a `copyright` file declares, in its order, without repeats. Machine-readable files
 * (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/) give the short names of their `License` fields as
 * written (`GPL-2+ or Artistic-2.0`); others the names under `/usr/share/common-licenses/` that they refer to.
 */
export function parseCopyright(text: string): readonly string[] {
  const names = new Set<string>()
  const found = isMachineReadable(text) ? shortNames(text) : commonLicenses(text)
  for (const name of found) {
    if (names.size >= maxLicenses) break
    if (name !== '' && name.length <= maxName) names.add(name)
  }
  return [...names]
}

/** The format field comes first, but some files begin with a comment. */
function isMachineReadable(text: string): boolean {
  const head = text.slice(0, 2048).toLowerCase()
  return /^format(?:-specification)?:/m.test(head) && /copyright-format|dep-?5/.test(head)
}

/** Goes from line to line without making one of each: most of a copyright file is the text of licences. */
function* shortNames(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const isL = (text.charCodeAt(start) | 0x20) === 0x6c
    if (isL && text.slice(start, start + 8).toLowerCase() === 'license:')
      yield text
        .slice(start + 8, Math.min(end, start + 8 + 2 * maxName))
        .trim()
        .replace(/\s+/g, ' ')
    start = end + 1
  }
}

function* commonLicenses(text: string): Generator<string> {
  for (const match of text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9][A-Za-z0-9.+-]{0,40})/g))
    yield match[1]!.replace(/(?<![.-])[.-]+$/, '')
}

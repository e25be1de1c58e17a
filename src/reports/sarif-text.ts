import { printable } from '#lib/terminal.ts'

/** Code scanning cuts or refuses longer texts. */
const maxText = 1024

/** Text for a plain message, where brackets would make a link (SARIF 2.1.0, 3.11.6). */
export function plainMessage(text: string): string {
  return shorten(printable(text)).replace(/[\\[\]]/g, character => `\\${character}`)
}

/** At most as much text as code scanning shows, never ending inside a surrogate pair. */
export function shorten(text: string): string {
  return text.length <= maxText
    ? text
    : `${text
        .slice(0, maxText - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`
}

/** A path as a relative URI reference: segments encoded one by one, without empty, `.` and `..` segments. */
export function relativeUri(path: string): string {
  const segments = path
    .toWellFormed()
    .split('/')
    .filter(segment => segment !== '' && segment !== '.' && segment !== '..')
  const encoded = segments.map(segment =>
    encodeURIComponent(segment).replace(
      /[!'()*]/g,
      character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  )
  return encoded.length === 0 ? 'target' : encoded.join('/')
}

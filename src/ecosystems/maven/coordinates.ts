/** What names a Java package. Without a group no advisory can be found for it. */
export interface Coordinates {
  readonly group?: string
  readonly artifact: string
  readonly version: string
}

/** Characters that Maven allows in groups, artifacts and versions, checked one by one. */
export function isCoordinate(text: string | undefined): text is string {
  if (text === undefined || text === '' || text.length > 256) return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
    const isDigit = code >= 0x30 && code <= 0x39
    // - . _ + ~
    if (!isLetter && !isDigit && !(code === 0x2d || code === 0x2e || code === 0x5f || code === 0x2b || code === 0x7e))
      return false
  }
  return true
}

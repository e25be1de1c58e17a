const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: false })

/** UTF-8 to text; bytes that are not UTF-8 become U+FFFD, a byte-order mark is dropped. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** Plain ordering by UTF-16 code units: the same on every machine, unlike `localeCompare`. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The part after the last `/`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The part before the last `/`, or an empty string. */
export function directoryName(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

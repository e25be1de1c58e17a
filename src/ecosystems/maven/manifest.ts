/**
 * Reads the main section of `META-INF/MANIFEST.MF`
 * (https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest): names in lower case, continued
 * lines joined. Sections about single files are not looked at.
 */
export function parseManifest(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  let key: string | undefined
  let parts: string[] = []
  const finish = (): void => {
    if (key !== undefined && !attributes.has(key)) attributes.set(key, parts.join('').trim())
    key = undefined
  }
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line === '') break
    if (line.startsWith(' ')) {
      parts.push(line.slice(1))
      continue
    }
    finish()
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    key = line.slice(0, colon).toLowerCase()
    parts = [line.slice(colon + 1)]
  }
  finish()
  return attributes
}

/**
 * Reads a `.properties` file as far as Maven writes them
 * (https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)): one
 * `key=value` a line, comments by `#` or `!`. Escapes of single characters are undone, lines are not continued.
 */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    const equals = line.search(/[=:]/)
    if (equals <= 0) continue
    properties.set(
      line.slice(0, equals).trim(),
      line
        .slice(equals + 1)
        .trim()
        .replace(/\\(.)/g, '$1'),
    )
  }
  return properties
}

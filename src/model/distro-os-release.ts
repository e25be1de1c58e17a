/** Values longer than this are cut: real ones stay far below. */
const maxValue = 256

/** Characters of the file that are read. */
const maxText = 64 * 1024

/**
 * Reads `os-release` assignments by the quoting rules of os-release(5)
 * (https://www.freedesktop.org/software/systemd/man/latest/os-release.html): comments, single and double quotes,
 * backslash escapes, no expansion, the last assignment wins. Lines that are no assignment are skipped; control
 * characters in values are dropped and long values are cut. Also fits `lsb-release`.
 */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.slice(0, maxText).split('\n')) {
    const trimmed = line.trim()
    const equals = trimmed.indexOf('=')
    if (equals <= 0 || trimmed.startsWith('#')) continue
    const name = trimmed.slice(0, equals)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue
    values.set(name, unquote(trimmed.slice(equals + 1)))
  }
  return values
}

/** Joins quoted and bare pieces as a shell does, up to the first unquoted blank. */
function unquote(text: string): string {
  let value = ''
  let quote = ''
  for (let index = 0; index < text.length && value.length < maxValue; index++) {
    const character = text[index]!
    if (quote === '' && (character === ' ' || character === '\t')) break
    if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (character === quote) quote = ''
    else if (character === '\\' && quote !== "'") {
      const next = text[index + 1] ?? ''
      const escapes = quote === '' || '"\\$`'.includes(next)
      value += escapes ? next : character
      if (escapes) index++
    } else if (character >= ' ' && character !== '\u007f') value += character
  }
  return value
}

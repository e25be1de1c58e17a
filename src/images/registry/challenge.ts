/** What a server asks for in `WWW-Authenticate`. */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string
  /** Names in lower case. The first of a repeated one counts. */
  readonly parameters: ReadonlyMap<string, string>
}

const isTokenCharacter = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/

/**
 * Reads a `WWW-Authenticate` field (RFC 9110 section 11.6.1): several challenges, quoted strings with escapes, commas
 * inside them. What does not fit the grammar is skipped; linear in its length.
 */
export function parseChallenges(field: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  let at = 0

  const skip = (characters: string) => {
    while (at < field.length && characters.includes(field.charAt(at))) at++
  }
  const token = () => {
    const start = at
    while (at < field.length && isTokenCharacter.test(field.charAt(at))) at++
    return field.slice(start, at)
  }

  while (at < field.length) {
    skip(' \t,')
    const word = token()
    if (word === '') {
      at++
      continue
    }
    const end = at
    skip(' \t')
    if (field.charAt(at) !== '=') {
      at = end
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() })
      continue
    }
    at++
    skip(' \t')
    let value: string
    if (field.charAt(at) === '"') value = quoted()
    else value = token()
    const parameters = challenges.at(-1)?.parameters
    const name = word.toLowerCase()
    if (parameters !== undefined && !parameters.has(name)) parameters.set(name, value)
  }
  return challenges

  function quoted(): string {
    let value = ''
    at++
    while (at < field.length && field.charAt(at) !== '"') {
      if (field.charAt(at) === '\\') at++
      value += field.charAt(at)
      at++
    }
    at++
    return value
  }
}

/** The parts of a package URL (https://github.com/package-url/purl-spec, ECMA-427). */
export interface PurlParts {
  readonly type: string
  readonly namespace?: string
  readonly name: string
  readonly version?: string
  /** Empty and undefined values are left out; keys are sorted. */
  readonly qualifiers?: Readonly<Record<string, string | undefined>>
  readonly subpath?: string
}

/**
 * Writes a canonical purl. The caller has applied the type's own rules (letter case, name normalisation); percent
 * encoding and ordering are done here.
 */
export function formatPurl(parts: PurlParts): string {
  const namespace = segments(parts.namespace ?? '')
    .map(encode)
    .join('/')
  const version = parts.version === undefined || parts.version === '' ? '' : `@${encode(parts.version)}`
  const qualifiers = Object.entries(parts.qualifiers ?? {})
    .filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
    .map(([key, value]) => [key.toLowerCase(), value] as const)
    .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
    .map(([key, value]) => `${key}=${encode(value)}`)
    .join('&')
  const subpath = segments(parts.subpath ?? '')
    .filter(part => part !== '.' && part !== '..')
    .map(encode)
    .join('/')
  return `pkg:${parts.type}/${namespace === '' ? '' : `${namespace}/`}${encode(parts.name)}${version}${
    qualifiers === '' ? '' : `?${qualifiers}`
  }${subpath === '' ? '' : `#${subpath}`}`
}

/** Reads a purl in any accepted spelling; undefined where the text is not one. */
export function parsePurl(text: string): PurlParts | undefined {
  const scheme = /^pkg:\/*/i.exec(text)
  if (scheme === null) return undefined
  const [beforeHash, subpath] = splitAt(text.slice(scheme[0].length), '#', 'last')
  const [beforeQuery, query] = splitAt(beforeHash, '?', 'last')
  const slash = beforeQuery.indexOf('/')
  if (slash <= 0) return undefined
  const type = beforeQuery.slice(0, slash).toLowerCase()
  if (!/^[a-z][a-z0-9.-]*$/.test(type)) return undefined
  const rest = withoutOuterSlashes(beforeQuery.slice(slash + 1))
  const at = rest.lastIndexOf('@')
  const hasVersion = at > rest.lastIndexOf('/') && at > 0
  const path = segments(hasVersion ? rest.slice(0, at) : rest).map(decode)
  const name = path.pop()
  if (name === undefined || name === '') return undefined
  const qualifiers: Record<string, string> = Object.create(null)
  for (const pair of (query ?? '').split('&')) {
    const equals = pair.indexOf('=')
    if (equals > 0 && equals < pair.length - 1)
      qualifiers[pair.slice(0, equals).toLowerCase()] = decode(pair.slice(equals + 1))
  }
  return {
    type,
    name,
    ...(path.length > 0 && { namespace: path.join('/') }),
    ...(hasVersion && { version: decode(rest.slice(at + 1)) }),
    qualifiers,
    ...(subpath !== undefined && { subpath: segments(subpath).map(decode).join('/') }),
  }
}

function withoutOuterSlashes(text: string): string {
  let [start, end] = [0, text.length]
  while (text[start] === '/') start++
  while (end > start && text[end - 1] === '/') end--
  return text.slice(start, end)
}

function segments(text: string): string[] {
  return text.split('/').filter(part => part !== '')
}

/** Everything but unreserved characters and `:` is encoded; the specification's suite expects `:` bare. */
function encode(text: string): string {
  // Nearly all texts.
  if (/^[\w.~:-]*$/.test(text)) return text
  return encodeURIComponent(text.isWellFormed() ? text : text.toWellFormed())
    .replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':')
}

function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function splitAt(text: string, separator: string, which: 'last'): [string, string | undefined] {
  const index = which === 'last' ? text.lastIndexOf(separator) : -1
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}

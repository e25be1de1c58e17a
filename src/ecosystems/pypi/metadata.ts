/** What core metadata says of a distribution. */
export interface Metadata {
  readonly name?: string
  readonly version?: string
  readonly licenses: readonly string[]
}

/** A licence field longer than this is a licence's text, not its name. */
const maxLicenseLength = 200

/**
 * Reads the header block of `METADATA` or `PKG-INFO`
 * (https://packaging.python.org/en/latest/specifications/core-metadata/). What follows the first empty line is the
 * description and is not looked at; absent fields stay absent, anything that is no header is skipped.
 */
export function parseMetadata(text: string): Metadata {
  const fields = parseHeaders(text)
  return { name: first(fields, 'name'), version: first(fields, 'version'), licenses: findLicenses(fields) }
}

function parseHeaders(text: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>()
  let last: string[] | undefined
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end)
    start = end + 1
    if (line === '') break
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (last !== undefined) last.push(`${last.pop()}\n${line.trim()}`)
      continue
    }
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const key = line.slice(0, colon).toLowerCase()
    last = fields.get(key) ?? []
    last.push(line.slice(colon + 1).trim())
    fields.set(key, last)
  }
  return fields
}

function first(fields: ReadonlyMap<string, readonly string[]>, key: string): string | undefined {
  const value = fields.get(key)?.[0]
  return value === undefined || value === '' ? undefined : value
}

/** The expression where there is one, else the name in `License`, else what the classifiers say. */
function findLicenses(fields: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const expression = first(fields, 'license-expression')
  if (expression !== undefined) return [expression]
  const license = first(fields, 'license')
  const isName = license !== undefined && !license.includes('\n') && license.length <= maxLicenseLength
  if (isName && license.toUpperCase() !== 'UNKNOWN') return [license]
  const classified = (fields.get('classifier') ?? [])
    .filter(classifier => classifier.startsWith('License :: '))
    .map(classifier => classifier.slice(classifier.lastIndexOf(' :: ') + 4))
  return [...new Set(classified)].filter(name => name !== 'OSI Approved')
}

import type { FileProblem } from '#ecosystems/types.ts'

/** One installed package of a dpkg database, as its stanza says. */
export interface DebPackage {
  /** `Package`. */
  readonly name: string
  /** `Version`, epoch included. */
  readonly version: string
  /** `Architecture`; absent where the stanza has none. */
  readonly arch?: string
  /** `Source` without its parenthesis; absent where the source has the package's own name. */
  readonly source?: string
  /** The version in the parenthesis of `Source`; absent where the source has the package's own version. */
  readonly sourceVersion?: string
  /** 1-based line where the stanza begins. */
  readonly line: number
}

/** What a dpkg database says, and which stanzas could not be read. */
export interface DebStatus {
  readonly packages: readonly DebPackage[]
  readonly problems: readonly FileProblem[]
}

/** Longer names and versions are refused. */
const maxField = 1024

/** More stanzas are not read; Debian's whole archive has about 70,000 binary packages. */
const maxStanzas = 100_000

/** More problems of one file tell nobody more. */
const maxProblems = 100

/**
 * States in which files are on the disk. `config-files` (removed, not purged) and `not-installed` are not among them,
 * though `dpkg-query -W` prints the former.
 */
const presentStates = new Set([
  'half-installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
  'triggers-pending',
  'installed',
])

type Field = 'package' | 'version' | 'architecture' | 'status' | 'source'

/** The fields kept, by lower-case name; `text` of all others is passed over. */
const fields: ReadonlySet<string> = new Set<Field>(['package', 'version', 'architecture', 'status', 'source'])

/**
 * Reads `/var/lib/dpkg/status` or a file of `status.d` (https://manpages.debian.org/dpkg-query,
 * https://manpages.debian.org/deb-control). Never throws. In `status` a stanza without `Status` is not installed, as for
 * dpkg, and the file has to end with a newline; distroless files are `fragment`s, which have neither.
 */
export function parseStatus(text: string, kind: 'status' | 'fragment'): DebStatus {
  const packages: DebPackage[] = []
  const problems: FileProblem[] = []
  const report = (problem: FileProblem): void => {
    if (problems.length < maxProblems) problems.push(problem)
  }
  let stanzas = 0
  for (const stanza of stanzasOf(text)) {
    if (++stanzas > maxStanzas) {
      report({ code: 'limit', detail: `The package database has more than ${maxStanzas} entries`, line: stanza.line })
      break
    }
    if (!isPresent(stanza.values.status, kind)) continue
    const found = packageOf(stanza)
    if (typeof found === 'string') report({ code: 'unreadable', detail: found, line: stanza.line })
    else packages.push(found)
  }
  if (kind === 'status' && text !== '' && !text.endsWith('\n'))
    report({ code: 'truncated', detail: 'The package database ends in the middle of a line' })
  return { packages, problems }
}

interface Stanza {
  readonly line: number
  readonly values: Partial<Record<Field, string>>
}

/** Paragraphs with their first line's number. Continuation lines belong to fields that are not kept. */
function* stanzasOf(text: string): Generator<Stanza> {
  let values: Partial<Record<Field, string>> = {}
  let first = 0
  let line = 0
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    line++
    const code = text.charCodeAt(start)
    if (start === end || (code === 0x0d && end === start + 1)) {
      if (first > 0) yield { line: first, values }
      values = {}
      first = 0
    } else {
      if (first === 0) first = line
      if (code !== 0x20 && code !== 0x09) keepField(text, { start, end }, values)
    }
    start = end + 1
  }
  if (first > 0) yield { line: first, values }
}

function keepField(text: string, at: { start: number; end: number }, values: Partial<Record<Field, string>>): void {
  const colon = text.indexOf(':', at.start)
  if (colon < 0 || colon >= at.end || colon - at.start > 'architecture'.length) return
  const name = text.slice(at.start, colon).toLowerCase()
  if (fields.has(name)) values[name as Field] = text.slice(colon + 1, Math.min(at.end, colon + 1 + 2 * maxField)).trim()
}

function isPresent(status: string | undefined, kind: 'status' | 'fragment'): boolean {
  if (status === undefined || status === '') return kind === 'fragment'
  return presentStates.has(status.slice(status.lastIndexOf(' ') + 1))
}

/** The package, or why there is none. */
function packageOf({ line, values }: Stanza): DebPackage | string {
  const { package: name = '', version = '', architecture = '', source = '' } = values
  if (name === '') return 'An installed package has no name'
  if (!isName(name)) return 'An installed package has a name that dpkg does not allow'
  if (version === '') return `The installed package ${name} has no version`
  if (version.length > maxField || /\s/.test(version)) return `The installed package ${name} has a malformed version`
  const paren = source.indexOf('(')
  const sourceName = (paren < 0 ? source : source.slice(0, paren)).trim()
  const sourceVersion = paren < 0 ? '' : source.slice(paren + 1, source.lastIndexOf(')')).trim()
  return {
    name,
    version,
    ...(isName(architecture) && { arch: architecture }),
    ...(isName(sourceName) && sourceName !== name && { source: sourceName }),
    ...(sourceVersion !== '' && sourceVersion !== version && { sourceVersion }),
    line,
  }
}

/** Letters, digits and `-+._`, as dpkg itself accepts in names. */
function isName(text: string): boolean {
  return text.length <= maxField && /^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(text)
}

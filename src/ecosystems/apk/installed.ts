import type { FileProblem } from '#ecosystems/types.ts'

/** A file of a package: path without leading `/`, and `sha1:<hex>` or `sha256:<hex>`, or an empty string. */
export type InstalledFile = readonly [path: string, digest: string]

/** One installed package of an apk database. */
export interface ApkPackage {
  /** `P`. */
  readonly name: string
  /** `V`. */
  readonly version: string
  /** `A`; absent where the entry has none. */
  readonly arch?: string
  /** `o`: the aport it was built from; absent where the entry has none. */
  readonly origin?: string
  /** `L` as written; absent where the entry has none. */
  readonly license?: string
  /** 1-based line where the entry begins. */
  readonly line: number
  /** Those of its files that the reader asked to keep. */
  readonly files: readonly InstalledFile[]
}

/** What an apk database says, and which entries could not be read. */
export interface ApkDatabase {
  readonly packages: readonly ApkPackage[]
  readonly problems: readonly FileProblem[]
}

/** Longer names, versions and licences are refused or dropped. */
const maxField = 1024

/** More entries are not read; all of Alpine is about 30,000 packages. */
const maxPackages = 100_000

/** Longer paths cannot exist (`PATH_MAX`). */
const maxPath = 4096

/** Characters of the paths that are kept, all together: a folder is written once and is part of each file's path. */
const maxKept = 32 * 1024 * 1024

/** More problems of one file tell nobody more. */
const maxProblems = 100

/** An entry being read. */
interface Entry {
  readonly line: number
  readonly fields: Map<string, string>
  readonly files: [path: string, digest: string][]
  folder: string
  /** True where the last `R` was kept, so that `Z` belongs to it. */
  isKept: boolean
}

/**
 * Reads `lib/apk/db/installed`: entries of `X:value` lines with blank lines between
 * (https://wiki.alpinelinux.org/wiki/Apk_spec). Paths are kept where `keep` accepts them. Never throws.
 */
export function parseInstalled(text: string, keep: (path: string) => boolean): ApkDatabase {
  const packages: ApkPackage[] = []
  const problems: FileProblem[] = []
  let entry: Entry | undefined
  let line = 0
  let left = maxKept
  const keeps = (path: string) => keep(path) && (left -= path.length) >= 0
  const finish = (): void => {
    const found = entry === undefined ? undefined : packageOf(entry)
    if (typeof found === 'string') {
      if (problems.length < maxProblems) problems.push({ code: 'unreadable', detail: found, line: entry?.line })
    } else if (found !== undefined) packages.push(found)
    entry = undefined
  }
  for (let start = 0; start < text.length && packages.length < maxPackages; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    line++
    if (end - start < 2) finish()
    else if (text[start + 1] === ':') {
      entry ??= { line, fields: new Map(), files: [], folder: '', isKept: false }
      readField(entry, text[start]!, text.slice(start + 2, end), keeps)
    }
    start = end + 1
  }
  finish()
  if (packages.length >= maxPackages)
    problems.push({ code: 'limit', detail: `The package database has ${maxPackages} entries or more` })
  if (left < 0) problems.push({ code: 'limit', detail: 'The paths of files that matter are too long together' })
  if (text !== '' && !text.endsWith('\n'))
    problems.push({ code: 'truncated', detail: 'The package database ends in the middle of a line' })
  return { packages, problems }
}

/** Files are told in order: `F` a folder, `R` a file in it, `Z` the digest of that file. */
function readField(entry: Entry, key: string, value: string, keep: (path: string) => boolean): void {
  if (key === 'F') {
    entry.folder = value
    entry.isKept = false
  } else if (key === 'R') {
    const isPath = entry.folder.length + value.length < maxPath
    const path = !isPath ? '' : entry.folder === '' ? value : `${entry.folder}/${value}`
    entry.isKept = isPath && keep(path)
    if (entry.isKept) entry.files.push([path, ''])
  } else if (key === 'Z') {
    if (entry.isKept) entry.files.at(-1)![1] = digestOf(value)
  } else if ('PVAoL'.includes(key) && value.length <= maxField) entry.fields.set(key, value.trim())
}

/** The package, or why there is none. */
function packageOf({ line, fields, files }: Entry): ApkPackage | string {
  const name = fields.get('P') ?? ''
  const version = fields.get('V') ?? ''
  const arch = fields.get('A') ?? ''
  const origin = fields.get('o') ?? ''
  const license = fields.get('L') ?? ''
  if (name === '') return 'An installed package has no name'
  if (!isName(name)) return 'An installed package has a name that apk does not allow'
  if (version === '' || /\s/.test(version)) return `The installed package ${name} has no version`
  return {
    name,
    version,
    ...(isName(arch) && { arch }),
    ...(isName(origin) && { origin }),
    ...(license !== '' && { license }),
    line,
    files,
  }
}

/** The characters that apk allows in names; virtual packages (`apk add --virtual .deps`) begin with a dot. */
function isName(text: string): boolean {
  return /^[A-Za-z0-9._+-]+$/.test(text)
}

/** `Q1` and base64 is SHA-1, `Q2` SHA-256; anything else is no digest that we know. */
function digestOf(value: string): string {
  const [algorithm, length] = value.startsWith('Q1') ? ['sha1', 20] : value.startsWith('Q2') ? ['sha256', 32] : ['', 0]
  if (length === 0 || value.length > 64 || !/^[A-Za-z0-9+/]{1,62}={0,2}$/.test(value)) return ''
  const end = value.indexOf('=')
  const bits = value.slice(2, end < 0 ? undefined : end)
  let hex = ''
  let held = 0
  let count = 0
  for (const character of bits) {
    held = ((held << 6) | alphabet.indexOf(character)) & 0xffff
    count += 6
    if (count >= 8) {
      count -= 8
      hex += ((held >> count) & 0xff).toString(16).padStart(2, '0')
    }
  }
  return hex.length === length * 2 ? `${algorithm}:${hex}` : ''
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

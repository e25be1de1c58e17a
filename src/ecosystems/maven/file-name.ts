/** What a file name of the form `artifact-version[-classifier].jar` says. */
export interface FileName {
  readonly artifact: string
  readonly version?: string
}

/** Words that follow a version and belong to it, in lower case and without digits. */
const qualifiers = new Set([
  ...[
    'alpha',
    'beta',
    'm',
    'milestone',
    'rc',
    'cr',
    'snapshot',
    'ga',
    'final',
    'release',
    'sp',
    'sec',
    'pre',
    'b',
    'v',
  ],
  ...['jre', 'android', 'jdk', 'java', 'incubating', 'redhat', 'atlassian', 'hal', 'ea', 'dev', 'build', 'r', 'patch'],
])

/** Words of classifiers, which follow the version and do not belong to it. */
const classifiers = new Set([
  ...[
    'all',
    'boot',
    'classes',
    'dependencies',
    'exec',
    'jar',
    'jakarta',
    'javax',
    'nodep',
    'shaded',
    'shadow',
    'tests',
  ],
  ...['uber', 'with', 'bundle', 'standalone', 'linux', 'osx', 'windows', 'x', 'aarch', 'aarch_', 'x_', 'fat', 'plain'],
  ...['runtime', 'native', 'signed', 'debug', 'test', 'war', 'config', 'fedora', 'musl'],
])

/**
 * Splits a file name without its ending. The version starts at the first `-` and digit after which only version words
 * and classifiers follow (`log4j-1.2-api-2.14.1` is `log4j-1.2-api`); a known version, as the manifest gives it, decides
 * at once. Without any such place the whole name is the artifact.
 */
export function splitFileName(stem: string, knownVersion?: string): FileName {
  if (knownVersion !== undefined && knownVersion !== '') {
    const place = stem.indexOf(`-${knownVersion}`)
    const after = stem[place + knownVersion.length + 1]
    if (place > 0 && (after === undefined || after === '-'))
      return { artifact: stem.slice(0, place), version: knownVersion }
  }
  const words = stem.split('-')
  for (let index = 1; index < words.length; index++) {
    if (!startsWithDigit(words[index]!)) continue
    const version = versionAt(words, index)
    if (version !== undefined) return { artifact: words.slice(0, index).join('-'), version }
  }
  return { artifact: stem }
}

/** The version that starts at a word, without classifiers; undefined where something else follows. */
function versionAt(words: readonly string[], start: number): string | undefined {
  let end = start + 1
  while (end < words.length && isVersionWord(words[end]!)) end++
  const isWhole = words.slice(end).every(word => classifiers.has(bare(word)))
  return isWhole ? words.slice(start, end).join('-') : undefined
}

function isVersionWord(word: string): boolean {
  return startsWithDigit(word) || qualifiers.has(bare(word.split('.')[0]!))
}

function bare(word: string): string {
  return word.toLowerCase().replace(/[0-9.]+/g, '')
}

function startsWithDigit(word: string): boolean {
  const code = word.charCodeAt(0)
  return code >= 0x30 && code <= 0x39
}

import { readFileSync } from 'node:fs'

/** One expectation about two versions: `sign` is the order of `left` against `right`. */
export interface VersionLine {
  readonly left: string
  readonly sign: -1 | 0 | 1
  readonly right: string
}

const signs = { '<': -1, '=': 0, '>': 1 } as const

/** Reads lines of `left < right`, `left = right` or `left > right`; lines that begin with `#` and empty ones are skipped. */
export function readVersionLines(file: URL): readonly VersionLine[] {
  return parseVersionLines(readFileSync(file, 'utf8'))
}

/** The same from text. Throws on a line that is none. */
export function parseVersionLines(text: string): readonly VersionLine[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('#'))
    .map(line => {
      const match = /^(.*?) ?([<=>]) (.*)$/.exec(line)
      if (match === null) throw new Error(`not a version line: ${line}`)
      return { left: match[1]!, sign: signs[match[2] as '<'], right: match[3]! }
    })
}

/** Lines that a comparator gets wrong in either direction, as text; empty where it agrees with all. */
export function disagreements(
  lines: readonly VersionLine[],
  compare: (a: string, b: string) => number,
): readonly string[] {
  return lines
    .filter(line => {
      const forth = Math.sign(compare(line.left, line.right))
      const back = Math.sign(compare(line.right, line.left))
      return forth !== line.sign || back !== -line.sign
    })
    .map(line => `${line.left} ${Object.keys(signs)[line.sign + 1]} ${line.right}`)
}

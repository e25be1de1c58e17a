import { compareText } from '#lib/text.ts'

/**
 * Orders versions as Maven's `ComparableVersion` does
 * (https://maven.apache.org/ref/3.9.9/maven-artifact/apidocs/org/apache/maven/artifact/versioning/ComparableVersion.html),
 * of Maven 3.9. Any string is a version; never throws; linear in the length.
 */
export function compareMavenVersions(a: string, b: string): number {
  return compareChains(parseVersion(a), parseVersion(b))
}

/** A number (digits without leading zeros) or a qualifier (by its rank, a text that sorts). */
type Item = { readonly digits: string } | { readonly rank: string }

/**
 * Maven builds a list whose last item may be another list, and so on: here each of them is one element of a chain, and
 * the end of one is the place where the next one hangs.
 */
type Chain = readonly (readonly Item[])[]

const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp']

const releaseRank = String(qualifiers.indexOf(''))

const shorthands: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
])

const zero: Item = { digits: '0' }

function parseVersion(version: string): Chain {
  const text = version.toLowerCase()
  const chain: Item[][] = [[]]
  const add = (item: Item): void => void chain.at(-1)!.push(item)
  const descend = (): void => void chain.push([])
  const descendUnlessEmpty = (): void => {
    if (chain.at(-1)!.length > 0) descend()
  }
  let start = 0
  let inDigits = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2e || code === 0x2d) {
      add(at === start ? zero : itemOf(text.slice(start, at), inDigits, false))
      start = at + 1
      if (code === 0x2d) descend()
    } else if (code >= 0x30 && code <= 0x39) {
      if (!inDigits && at > start) {
        // `1.0.0.X1` is read as `1.0.0-X1`.
        descendUnlessEmpty()
        add(itemOf(text.slice(start, at), false, true))
        start = at
        descend()
      }
      inDigits = true
    } else {
      if (inDigits && at > start) {
        add(itemOf(text.slice(start, at), true, false))
        start = at
        descend()
      }
      inDigits = false
    }
  }
  if (text.length > start) {
    if (!inDigits) descendUnlessEmpty()
    add(itemOf(text.slice(start), inDigits, false))
  }
  return normalize(chain)
}

function itemOf(text: string, isDigits: boolean, beforeDigit: boolean): Item {
  if (isDigits) return { digits: trimZeros(text) }
  const word = (beforeDigit ? shorthands.get(text) : undefined) ?? (text === 'cr' ? 'rc' : text)
  if (word === 'ga' || word === 'final' || word === 'release') return { rank: releaseRank }
  const index = qualifiers.indexOf(word)
  return { rank: index < 0 ? `${qualifiers.length}-${word}` : String(index) }
}

/** Drops what says nothing at the end of each list (`1.0-rc` is `1-rc`), from the innermost outwards, and empty lists. */
function normalize(chain: Item[][]): Chain {
  const kept: Item[][] = []
  for (const list of chain.reverse()) {
    while (list.length > 0 && isNull(list.at(-1)!)) list.pop()
    if (list.length > 0 || kept.length > 0) kept.push(list)
  }
  return kept.reverse()
}

function isNull(item: Item): boolean {
  return 'digits' in item ? item.digits === '0' : item.rank === releaseRank
}

function compareChains(a: Chain, b: Chain): number {
  let depth = 0
  let index = 0
  for (;;) {
    const left = placeAt(a, depth, index)
    const right = placeAt(b, depth, index)
    if (left === undefined && right === undefined) return 0
    if (left === 'list' && right === 'list') {
      depth++
      index = 0
      continue
    }
    const order =
      left === undefined ? -toNothing(right, b, depth) : comparePlaces(left, right, () => toNothing(left, a, depth))
    if (order !== 0) return order
    index++
  }
}

/** What stands at an index of a list: an item, the next list of the chain, or nothing. */
function placeAt(chain: Chain, depth: number, index: number): Item | 'list' | undefined {
  const list = chain[depth] ?? []
  if (index < list.length) return list[index]
  return index === list.length && depth + 1 < chain.length ? 'list' : undefined
}

/** A number comes after a list, a list after a qualifier. */
function comparePlaces(left: Item | 'list', right: Item | 'list' | undefined, leftToNothing: () => number): number {
  if (right === undefined) return leftToNothing()
  const kinds = kindRank(left) - kindRank(right)
  if (kinds !== 0 || left === 'list' || right === 'list') return kinds
  if ('digits' in left && 'digits' in right) return compareDigits(left.digits, right.digits)
  return 'rank' in left && 'rank' in right ? compareText(left.rank, right.rank) : 0
}

function kindRank(place: Item | 'list'): number {
  return place === 'list' ? 1 : 'digits' in place ? 2 : 0
}

/** The order of a place against nothing at all; a list is as its first item that differs from nothing. */
function toNothing(place: Item | 'list' | undefined, chain: Chain, depth: number): number {
  if (place === undefined) return 0
  if (place !== 'list') return itemToNothing(place)
  for (let inner = depth + 1; inner < chain.length; inner++) {
    for (const item of chain[inner]!) {
      const order = itemToNothing(item)
      if (order !== 0) return order
    }
  }
  return 0
}

function itemToNothing(item: Item): number {
  return 'digits' in item ? (item.digits === '0' ? 0 : 1) : compareText(item.rank, releaseRank)
}

function compareDigits(a: string, b: string): number {
  return a.length - b.length || compareText(a, b)
}

function trimZeros(digits: string): string {
  let start = 0
  while (start < digits.length - 1 && digits[start] === '0') start++
  return digits.slice(start)
}

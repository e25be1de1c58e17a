const tilde = 0x7e

/**
 * dpkg's version order (https://manpages.debian.org/deb-version, `dpkg --compare-versions`): negative, 0 or positive.
 * Total over all strings, numbers of any length, never throws. Where dpkg refuses a version (an epoch that is no
 * number, an empty part, characters outside its alphabet) the text is compared all the same: what stands before the
 * first colon is an epoch only where it is digits.
 */
export function compare(a: string, b: string): number {
  const left = split(a)
  const right = split(b)
  return (
    compareNumbers(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  )
}

interface Parts {
  readonly epoch: string
  readonly upstream: string
  /** Empty where there is none, which dpkg orders like `0`. */
  readonly revision: string
}

function split(text: string): Parts {
  const version = text.trim()
  const colonAt = version.indexOf(':')
  const hasEpoch = colonAt > 0 && isDigits(version, colonAt)
  const rest = hasEpoch ? version.slice(colonAt + 1) : version
  const dash = rest.lastIndexOf('-')
  return {
    epoch: hasEpoch ? version.slice(0, colonAt) : '0',
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

/** Alternates between runs of non-digits, by `weight`, and runs of digits, by value. */
function comparePart(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const difference = weight(a, i) - weight(b, j)
      if (difference !== 0) return difference
      i++
      j++
    }
    const endA = digitsEnd(a, i)
    const endB = digitsEnd(b, j)
    const difference = compareNumbers(a.slice(i, endA), b.slice(j, endB))
    if (difference !== 0) return difference
    i = endA
    j = endB
  }
  return 0
}

/** `~` before the end of the part, the end before letters, letters before everything else. */
function weight(text: string, index: number): number {
  if (index >= text.length) return 0
  const code = text.charCodeAt(index)
  if (isDigit(code)) return 0
  if (code === tilde) return -1
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
  return isLetter ? code : code + 0x100
}

/** Compares runs of digits by value, whatever their length; an empty run is zero. */
function compareNumbers(a: string, b: string): number {
  const left = withoutZeros(a)
  const right = withoutZeros(b)
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

function withoutZeros(digits: string): string {
  let start = 0
  while (digits.charCodeAt(start) === 0x30) start++
  return digits.slice(start)
}

function digitsEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end
}

function isDigits(text: string, end: number): boolean {
  return digitsEnd(text, 0) === end
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

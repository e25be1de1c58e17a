/** Longer words are compared by their beginning: what people mistype is short. */
const maxLength = 40

/**
 * The candidate nearest to a word by edits, where it is near enough to be what was meant; the first of equals. Two
 * letters that changed places are one edit, and letter case is none.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.slice(0, maxLength).toLowerCase()
  let best: string | undefined
  let least = Math.floor(typed.length / 3) + 1
  for (const candidate of candidates) {
    const distance = edits(typed, candidate.slice(0, maxLength).toLowerCase())
    if (distance < least) {
      best = candidate
      least = distance
    }
  }
  return best
}

/** Optimal string alignment distance: insert, delete, replace, or swap two neighbors. */
function edits(a: string, b: string): number {
  let before: readonly number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(replace, swap, row[j]! + 1, next[j - 1]! + 1))
    }
    before = row
    row = next
  }
  return row[b.length]!
}

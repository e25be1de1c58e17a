/**
 * True where the text matches the glob: `?` is one character but `/`, `*` any run without `/`, `**` any run at all.
 * Everything else stands for itself. Time is bounded by the product of the lengths, whatever the glob.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = tokens(glob)
  // Row of reachable positions in the text after each token: the textbook automaton, no backtracking.
  let reachable = new Uint8Array(text.length + 1)
  reachable[0] = 1
  for (const part of parts) {
    const next = new Uint8Array(text.length + 1)
    for (let at = 0; at <= text.length; at++) {
      if (part === '**' || part === '*') {
        const carried = at > 0 && next[at - 1] === 1 && (part === '**' || text[at - 1] !== '/')
        if (reachable[at] === 1 || carried) next[at] = 1
      } else if (at > 0 && reachable[at - 1] === 1 && (part === '?' ? text[at - 1] !== '/' : text[at - 1] === part))
        next[at] = 1
    }
    reachable = next
  }
  return reachable[text.length] === 1
}

function tokens(glob: string): string[] {
  const parts: string[] = []
  for (let index = 0; index < glob.length; index++) {
    if (glob[index] === '*' && glob[index + 1] === '*') {
      parts.push('**')
      index++
    } else parts.push(glob[index]!)
  }
  return parts
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) from as many beginnings as a UUID has words. */
const seeds = [0x811c9dc5, 0x9747b28c, 0x2545f491, 0x27d4eb2f]

/**
 * A UUID of version 8 (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8) that depends on the lines alone. It
 * names a document and proves nothing: the hash behind it is not a cryptographic one.
 */
export function uuidOf(lines: Iterable<string>): string {
  const words = Uint32Array.from(seeds)
  let isFirst = true
  for (const line of lines) {
    if (!isFirst) mix(words, '\n')
    mix(words, line)
    isFirst = false
  }
  const hex = [...words].map(word => finished(word).toString(16).padStart(8, '0')).join('')
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

function mix(words: Uint32Array, text: string): void {
  for (let word = 0; word < words.length; word++) {
    let value = words[word]!
    for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
    words[word] = value
  }
}

/** Mixed to the end, so that every seed gives an independent word. */
function finished(hash: number): number {
  let value = hash
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

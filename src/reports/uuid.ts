/**
 * A UUID of version 8 (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8) that depends on the text alone. It
 * names a document and proves nothing: the hash behind it is not a cryptographic one.
 */
export function uuidOf(text: string): string {
  const words = [hash(text, 0x811c9dc5), hash(text, 0x9747b28c), hash(text, 0x2545f491), hash(text, 0x27d4eb2f)]
  const hex = words.map(word => word.toString(16).padStart(8, '0')).join('')
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** FNV-1a with a finishing mix, so that every seed gives an independent word. */
function hash(text: string, seed: number): number {
  let value = seed
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

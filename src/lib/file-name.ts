const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A file name's bytes as text. Names are bytes on Unix: those that are not UTF-8 stay recognisable as `\xHH`, so a
 * name is never lost and two different names hardly ever become one. Linear time, never throws.
 */
export function decodeFileName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return decodeMixed(bytes)
  }
}

/** The same of the bytes before the first NUL. */
export function decodeFileNameField(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return decodeFileName(end < 0 ? bytes : bytes.subarray(0, end))
}

/** Valid sequences as text, every other byte as `\xHH`. */
function decodeMixed(bytes: Uint8Array): string {
  const parts: string[] = []
  let valid = 0
  let index = 0
  while (index < bytes.length) {
    const length = sequenceLength(bytes, index)
    if (length > 0) {
      index += length
      continue
    }
    if (index > valid) parts.push(strict.decode(bytes.subarray(valid, index)))
    parts.push(`\\x${bytes[index]!.toString(16).padStart(2, '0')}`)
    valid = ++index
  }
  if (index > valid) parts.push(strict.decode(bytes.subarray(valid, index)))
  return parts.join('')
}

/** Bytes of the well-formed UTF-8 sequence at `index` (Unicode 16, table 3-7), or 0. */
function sequenceLength(bytes: Uint8Array, index: number): number {
  const first = bytes[index]!
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const second = bytes[index + 1] ?? 0
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  for (let offset = 2; offset < length; offset++) if ((bytes[index + offset] ?? 0) >> 6 !== 2) return 0
  return length
}

/** A file to write. */
export interface ZipFile {
  readonly name: string
  readonly body: Uint8Array
}

const encoder = new TextEncoder()

/** Version 2.0, names in UTF-8, stored, midnight of 1980-01-01 (the earliest date of the format). */
const facts = [20, 0x800, 0, 0, 0x21]

/**
 * The files as a zip archive, stored without compression
 * (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), in the order given and of a fixed date: the same files
 * give the same bytes. `crc32` is the checksum of zip and gzip. Throws `RangeError` beyond what needs Zip64.
 */
export function writeZip(files: readonly ZipFile[], crc32: (bytes: Uint8Array) => number): Uint8Array {
  const members: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const { name, body } of files) {
    const path = encoder.encode(name)
    const sizes = [crc32(body), body.length, body.length]
    const local = pack('IHHHHHIIIHH', [0x04034b50, ...facts, ...sizes, path.length, 0])
    const central = pack('IHHHHHHIIIHHHHHII', [
      ...[0x02014b50, 20, ...facts, ...sizes],
      ...[path.length, 0, 0, 0, 0, 0, offset],
    ])
    members.push(local, path, body)
    directory.push(central, path)
    offset += local.length + path.length + body.length
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0)
  if (files.length > 0xfffe || offset + length > 0xfffffffe) throw new RangeError('too much for a zip without Zip64')
  const end = pack('IHHHHIIH', [0x06054b50, 0, 0, files.length, files.length, length, offset, 0])
  return concat([...members, ...directory, end])
}

/** Numbers, little-endian: `H` takes 16 bits of the layout, `I` 32. */
function pack(layout: string, values: readonly number[]): Uint8Array {
  const widths = [...layout].map(letter => (letter === 'I' ? 4 : 2))
  const bytes = new Uint8Array(widths.reduce((sum, width) => sum + width, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [index, width] of widths.entries()) {
    if (width === 4) view.setUint32(at, values[index]!, true)
    else view.setUint16(at, values[index]!, true)
    at += width
  }
  return bytes
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

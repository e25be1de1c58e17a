import { tarBlock } from './tar-header.ts'

/** A regular file to write. */
export interface TarFile {
  /** Relative, with `/` between the parts. */
  readonly name: string
  readonly body: Uint8Array
}

const encoder = new TextEncoder()

/**
 * The files as a POSIX ustar archive (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html), in the order
 * given, owned by root, mode 0644 and of the epoch: the same files give the same bytes. Throws `RangeError` where a name
 * or a body does not fit the format.
 */
export function writeTar(files: readonly TarFile[]): Uint8Array {
  const headers = files.map(headerOf)
  const size = files.reduce((sum, { body }) => sum + tarBlock + padded(body.length), 2 * tarBlock)
  const archive = new Uint8Array(size)
  let offset = 0
  for (const [index, { body }] of files.entries()) {
    archive.set(headers[index]!, offset)
    archive.set(body, offset + tarBlock)
    offset += tarBlock + padded(body.length)
  }
  return archive
}

function padded(length: number): number {
  return Math.ceil(length / tarBlock) * tarBlock
}

function headerOf({ name, body }: TarFile): Uint8Array {
  const block = new Uint8Array(tarBlock)
  const put = (offset: number, text: string | Uint8Array) =>
    block.set(typeof text === 'string' ? encoder.encode(text) : text, offset)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  if (body.length > 0o77777777777) throw new RangeError(`${name} is too large for a ustar archive`)
  const [prefix, last] = splitName(name)
  put(0, last)
  put(100, octal(0o644, 7))
  put(108, octal(0, 7))
  put(116, octal(0, 7))
  put(124, octal(body.length, 11))
  put(136, octal(0, 11))
  put(148, ' '.repeat(8))
  put(156, '0')
  put(257, 'ustar\x0000')
  put(345, prefix)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(148, `${octal(sum, 6)} `)
  return block
}

/** Up to 100 bytes, and up to 155 before them: parted at a slash where the name is longer than 100. */
function splitName(name: string): readonly [prefix: Uint8Array, last: Uint8Array] {
  const bytes = encoder.encode(name)
  if (bytes.length > 0 && bytes.length <= 100 && !bytes.includes(0)) return [new Uint8Array(0), bytes]
  const slash = bytes.indexOf(0x2f, Math.max(1, bytes.length - 101))
  const isSplit = slash > 0 && slash <= 155 && slash < bytes.length - 1 && !bytes.includes(0)
  if (!isSplit) throw new RangeError(`'${name}' does not fit a ustar archive`)
  return [bytes.subarray(0, slash), bytes.subarray(slash + 1)]
}

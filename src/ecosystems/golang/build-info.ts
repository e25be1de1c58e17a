import { decodeText } from '#lib/text.ts'
import { readElf } from './elf.ts'
import { type Executable, Fields, type ReadAt } from './executable.ts'
import { firstArchitecture, readMachO } from './mach-o.ts'
import { readPe } from './pe.ts'

/** What the Go linker left in a program, as text. */
export interface RawBuildInfo {
  /** The toolchain: `go1.21.3`, `devel go1.23-8c92897e15 Tue …`. */
  readonly goVersion: string
  /** Lines of tab-separated words, or nothing where the program was built without modules. */
  readonly modules: string
}

/**
 * Finds Go's build information in an ELF, PE or Mach-O program, as https://pkg.go.dev/debug/buildinfo does: the inline
 * form of Go 1.18 and later and the pointers before. Undefined where there is none. Reads headers and what it needs.
 */
export function readBuildInfo(readAt: ReadAt): RawBuildInfo | undefined {
  const read = withStart(readAt)
  const executable = open(read)
  const memory = executable && toMemory(executable, read)
  const address = executable?.data && memory && findBlob(memory, executable.data)
  if (memory === undefined || address === undefined) return undefined
  const header = memory(address, headerSize)
  if (header.length < headerSize) return undefined
  const isInline = (header[15]! & 2) !== 0
  const [goVersion, framed] = isInline ? inlineTexts(memory, address + headerSize) : pointedTexts(memory, header)
  if (goVersion === undefined || goVersion.length === 0) return undefined
  return { goVersion: decodeText(goVersion), modules: decodeText(unframe(framed ?? new Uint8Array())) }
}

/** Up to `length` bytes at an address, not past the end of its segment. */
type Memory = (address: number, length: number) => Uint8Array

const startBytes = 2048
const headerSize = 32
const blobAlignment = 16
const firstChunk = 16 * 1024
const chunkSize = 1024 * 1024

/** Larger texts are refused: real ones are some kilobytes. */
const maxTextBytes = 16 * 1024 * 1024

/** `\xff Go buildinf:` */
const magic = [0xff, ...[...' Go buildinf:'].map(character => character.charCodeAt(0))]

/** Most of what is looked at lies at the start of a file, which is read once: every program of a system is asked. */
function withStart(read: ReadAt): ReadAt {
  const start = read(0, startBytes)
  return (offset, length) =>
    offset + length <= start.length ? start.slice(offset, offset + length) : read(offset, length)
}

function open(read: ReadAt): Executable | undefined {
  const start = new Fields(read(0, 16), false)
  const first = start.u32(0)
  if (first === 0x7f454c46) return readElf(read)
  if (first >>> 16 === 0x4d5a) return readPe(read)
  if (first === 0xfeedface || first === 0xfeedfacf || first === 0xcefaedfe || first === 0xcffaedfe)
    return readMachO(read)
  if (first !== 0xcafebabe && first !== 0xcafebabf) return undefined
  const offset = firstArchitecture(read)
  if (offset === undefined) return undefined
  const program = readMachO((at, length) => read(offset + at, length))
  if (program === undefined) return undefined
  const segments = Iterator.from(program.segments).map(part => ({ ...part, offset: part.offset + offset }))
  return { ...program, segments: [...segments] }
}

function toMemory(executable: Executable, read: ReadAt): Memory {
  return (address, length) => {
    for (const segment of executable.segments) {
      const start = address - segment.address
      if (start >= 0 && start < segment.size)
        return read(segment.offset + start, Math.max(0, Math.min(length, segment.size - start)))
    }
    return new Uint8Array()
  }
}

/** Address of the blob: the first aligned magic. The linker puts it at the start, where a small piece is read first. */
function findBlob(memory: Memory, data: { readonly address: number; readonly size: number }): number | undefined {
  const end = data.address + data.size
  let address = Math.ceil(data.address / blobAlignment) * blobAlignment
  for (let size = firstChunk; address < end; address += size, size = chunkSize) {
    const chunk = memory(address, Math.min(size, end - address))
    if (chunk.length === 0) return undefined
    const at = magicIn(chunk)
    if (at !== undefined) return end - address - at < headerSize ? undefined : address + at
  }
  return undefined
}

/** Of every program of a system: few of the bytes are the magic's first, which is searched for natively. */
function magicIn(chunk: Uint8Array): number | undefined {
  let index = chunk.indexOf(magic[0]!)
  while (index >= 0) {
    const past = index % blobAlignment
    if (past === 0 && isMagicAt(chunk, index)) return index
    index = chunk.indexOf(magic[0]!, index + blobAlignment - past)
  }
  return undefined
}

function isMagicAt(chunk: Uint8Array, index: number): boolean {
  return magic.every((byte, offset) => chunk[index + offset] === byte)
}

/** Since Go 1.18: two texts behind the header, each with its length as a variable-length number in front. */
function inlineTexts(memory: Memory, address: number): [Uint8Array | undefined, Uint8Array | undefined] {
  const version = inlineText(memory, address)
  const modules = version && inlineText(memory, version.end)
  // A program whose second text is damaged is none that Go would tell anything of.
  return modules === undefined ? [undefined, undefined] : [version!.text, modules.text]
}

function inlineText(memory: Memory, address: number): { text: Uint8Array; end: number } | undefined {
  const bytes = memory(address, 10)
  let length = 0
  for (let index = 0; index < bytes.length; index++) {
    length += (bytes[index]! & 0x7f) * 2 ** (7 * index)
    if (bytes[index]! >= 0x80) continue
    const start = address + index + 1
    if (length > maxTextBytes) return undefined
    const text = memory(start, length)
    return text.length < length ? undefined : { text, end: start + length }
  }
  return undefined
}

/** Before Go 1.18: pointers to two Go strings, which are pointer and length. */
function pointedTexts(memory: Memory, header: Uint8Array): [Uint8Array | undefined, Uint8Array | undefined] {
  const size = header[14]!
  if (size !== 4 && size !== 8) return [undefined, undefined]
  const little = (header[15]! & 1) === 0
  const pointer = (bytes: Uint8Array, offset: number): number => {
    const fields = new Fields(bytes, little)
    return size === 8 ? fields.u64(offset) : fields.u32(offset)
  }
  const text = (address: number): Uint8Array | undefined => {
    const value = memory(address, 2 * size)
    if (value.length < 2 * size) return undefined
    const length = pointer(value, size)
    const bytes = length > maxTextBytes ? new Uint8Array() : memory(pointer(value, 0), length)
    return bytes.length < length ? undefined : bytes
  }
  return [text(pointer(header, 16)), text(pointer(header, 16 + size))]
}

/** The module lines stand between two 16-byte marks; without them there are none. */
function unframe(framed: Uint8Array): Uint8Array {
  const isFramed = framed.length >= 33 && framed[framed.length - 17] === 0x0a
  return isFramed ? framed.subarray(16, framed.length - 16) : new Uint8Array()
}

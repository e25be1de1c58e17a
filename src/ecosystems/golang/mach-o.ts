import { type Executable, Fields, type ReadAt, textAt } from './executable.ts'

const maxCommandBytes = 1024 * 1024

/**
 * Reads the segments of a Mach-O file and where Go's build information is
 * (https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h); undefined where the
 * headers make no sense.
 */
export function readMachO(read: ReadAt): Executable | undefined {
  const head = read(0, 32)
  const little = head[3] === 0xfe
  const header = new Fields(head, little)
  const magic = header.u32(0)
  if (head.length < 28 || (magic !== 0xfeedface && magic !== 0xfeedfacf)) return undefined
  const isWide = magic === 0xfeedfacf
  const bytes = read(isWide ? 32 : 28, Math.min(header.u32(20), maxCommandBytes))
  const commands = new Fields(bytes, little)
  const segments: { address: number; size: number; offset: number; memory: number; isWritable: boolean }[] = []
  let section: Executable['data']
  for (let index = 0, start = 0; index < header.u32(16) && start + 8 <= bytes.length; index++) {
    const type = commands.u32(start)
    const size = commands.u32(start + 4)
    if (size < 8) break
    if (type === (isWide ? 0x19 : 0x01)) {
      const command = bytes.subarray(start, start + size)
      const segment = readSegment(command, little, isWide)
      if (textAt(command, 8, 16) !== '__PAGEZERO') segments.push(segment)
      section ??= findSection(command, little, isWide)
    }
    start += size
  }
  const writable = segments.find(({ address, size, isWritable }) => address !== 0 && size !== 0 && isWritable)
  return { segments, data: section ?? (writable && { address: writable.address, size: writable.memory }) }
}

/**
 * The first architecture of a universal file, as an offset into it; undefined where there is none. Java classes begin
 * with the same four bytes: theirs is a version number where the count of architectures would be.
 */
export function firstArchitecture(read: ReadAt): number | undefined {
  const fields = new Fields(read(0, 48), false)
  const isWide = fields.u32(0) === 0xcafebabf
  const count = fields.u32(4)
  if (count === 0 || count > 30) return undefined
  return isWide ? fields.u64(16) : fields.u32(16)
}

function readSegment(command: Uint8Array, little: boolean, isWide: boolean) {
  const fields = new Fields(command, little)
  const word = (index: number): number => (isWide ? fields.u64(24 + index * 8) : fields.u32(24 + index * 4))
  const protection = isWide ? 56 : 40
  return {
    address: word(0),
    memory: word(1),
    offset: word(2),
    size: word(3),
    // Highest and initial protection are both to read and write.
    isWritable: fields.u32(protection) === 3 && fields.u32(protection + 4) === 3,
  }
}

function findSection(command: Uint8Array, little: boolean, isWide: boolean): Executable['data'] {
  const fields = new Fields(command, little)
  const first = isWide ? 72 : 56
  const size = isWide ? 80 : 68
  for (let start = first; start + size <= command.length; start += size) {
    if (textAt(command, start, 16) !== '__go_buildinfo') continue
    return isWide
      ? { address: fields.u64(start + 32), size: fields.u64(start + 40) }
      : { address: fields.u32(start + 32), size: fields.u32(start + 36) }
  }
  return undefined
}

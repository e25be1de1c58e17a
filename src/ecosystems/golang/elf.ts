import { type Executable, Fields, type ReadAt, type Segment, textAt } from './executable.ts'

/** Tables larger than this are cut: executables have some dozens of entries. */
const maxTableBytes = 1024 * 1024

/**
 * Reads the segments of an ELF file and where Go's build information is
 * (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html); undefined where the headers make no sense.
 */
export function readElf(read: ReadAt): Executable | undefined {
  const head = read(0, 64)
  const isWide = head[4] === 2
  const little = head[5] === 1
  if (head.length < 52 || (!isWide && head[4] !== 1) || (!little && head[5] !== 2)) return undefined
  const header = new Fields(head, little)
  const word = (fields: Fields, offset: number): number => (isWide ? fields.u64(offset) : fields.u32(offset))
  const layout = isWide ? { tables: 32, counts: 54 } : { tables: 28, counts: 42 }
  const programTable = word(header, layout.tables)
  const sectionTable = word(header, layout.tables + (isWide ? 8 : 4))
  const [programSize, programCount, sectionSize, sectionCount, nameSection] = [0, 2, 4, 6, 8].map(offset =>
    header.u16(layout.counts + offset),
  ) as [number, number, number, number, number]

  const programs = table(read, programTable, programSize, programCount).map(bytes => {
    const fields = new Fields(bytes, little)
    return {
      type: fields.u32(0),
      flags: fields.u32(isWide ? 4 : 24),
      offset: word(fields, isWide ? 8 : 4),
      address: word(fields, isWide ? 16 : 8),
      size: word(fields, isWide ? 32 : 16),
      memory: word(fields, isWide ? 40 : 20),
    }
  })
  const sections = table(read, sectionTable, sectionSize, sectionCount).map(bytes => {
    const fields = new Fields(bytes, little)
    return {
      name: fields.u32(0),
      address: word(fields, isWide ? 16 : 12),
      offset: word(fields, isWide ? 24 : 16),
      size: word(fields, isWide ? 32 : 20),
    }
  })
  const names = sections[nameSection]
  const text = names === undefined ? new Uint8Array() : read(names.offset, Math.min(names.size, maxTableBytes))
  const section = sections.find(({ name }) => textAt(text, name, 16) === '.go.buildinfo')
  // The first loaded segment that is writable and not executable.
  const writable = programs.find(({ type, flags }) => type === 1 && (flags & 3) === 2)
  return {
    segments: programs as readonly Segment[],
    data: section ?? (writable && { address: writable.address, size: writable.memory }),
  }
}

function table(read: ReadAt, offset: number, size: number, count: number): Uint8Array[] {
  if (size === 0 || count === 0 || offset === 0) return []
  const bytes = read(offset, Math.min(size * count, maxTableBytes))
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

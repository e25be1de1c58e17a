import { decodeText } from '#lib/text.ts'
import { type Executable, Fields, isTextAt, type ReadAt, type Segment, Table } from './executable.ts'

/** Go's own section. */
const goSection = '.go.buildinfo'

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
  const counts = isWide ? 54 : 42
  const offsets = isWide ? [header.u64(32), header.u64(40)] : [header.u32(28), header.u32(32)]
  const [programSize, programCount, sectionSize, sectionCount, nameSection] = [0, 2, 4, 6, 8].map(offset =>
    header.u16(counts + offset),
  ) as [number, number, number, number, number]
  const table = (offset: number, size: number, count: number) =>
    new Table(offset === 0 ? new Uint8Array() : read(offset, Math.min(size * count, maxTableBytes)), size, little)

  const programs = table(offsets[0]!, programSize, programCount)
  const section = findSection(table(offsets[1]!, sectionSize, sectionCount), nameSection, { isWide, read })
  return {
    segments: { [Symbol.iterator]: () => segmentsOf(programs, isWide) },
    data: section ?? writable(programs, isWide),
  }
}

function* segmentsOf(table: Table, isWide: boolean): Generator<Segment> {
  for (let entry = 0; entry < table.count; entry++) {
    yield {
      offset: isWide ? table.u64(entry, 8) : table.u32(entry, 4),
      address: isWide ? table.u64(entry, 16) : table.u32(entry, 8),
      size: isWide ? table.u64(entry, 32) : table.u32(entry, 16),
    }
  }
}

/** The first loaded segment that is writable and not executable: all of it that is in memory, which may be more than the file holds. */
function writable(table: Table, isWide: boolean): Executable['data'] {
  for (let entry = 0; entry < table.count; entry++) {
    if (table.u32(entry, 0) !== 1 || (table.u32(entry, isWide ? 4 : 24) & 3) !== 2) continue
    return isWide
      ? { address: table.u64(entry, 16), size: table.u64(entry, 40) }
      : { address: table.u32(entry, 8), size: table.u32(entry, 20) }
  }
  return undefined
}

/** Where Go's own section is; every program of a system is asked, so nothing is made of the other sections. */
function findSection(
  table: Table,
  nameSection: number,
  { isWide, read }: { readonly isWide: boolean; readonly read: ReadAt },
): Executable['data'] {
  if (nameSection >= table.count) return undefined
  const sizeOf = (entry: number) => (isWide ? table.u64(entry, 32) : table.u32(entry, 20))
  const offset = isWide ? table.u64(nameSection, 24) : table.u32(nameSection, 16)
  const names = read(offset, Math.min(sizeOf(nameSection), maxTableBytes))
  // Of nearly all programs: a search in all names at once takes less than a look at each.
  if (!decodeText(names).includes(goSection)) return undefined
  for (let entry = 0; entry < table.count; entry++) {
    if (!isTextAt(names, table.u32(entry, 0), goSection)) continue
    return { address: isWide ? table.u64(entry, 16) : table.u32(entry, 12), size: sizeOf(entry) }
  }
  return undefined
}

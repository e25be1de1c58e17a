import { type Executable, Fields, type ReadAt } from './executable.ts'

/** The alignment bits of a section's characteristics, which say nothing of what it is. */
const alignment = 0x00600000

/** Initialized data that may be read and written. */
const writableData = 0xc0000040

/**
 * Reads the sections of a PE file and where Go's build information is: at the start of the first writable one
 * (https://learn.microsoft.com/windows/win32/debug/pe-format); undefined where the headers make no sense.
 */
export function readPe(read: ReadAt): Executable | undefined {
  const start = new Fields(read(0x3c, 4), true).u32(0)
  const bytes = read(start, 24 + 32)
  const header = new Fields(bytes, true)
  if (bytes.length < 24 + 32 || header.u32(0) !== 0x00004550) return undefined
  const count = header.u16(6)
  const optionalSize = header.u16(20)
  const magic = header.u16(24)
  const base = magic === 0x20b ? header.u64(24 + 24) : magic === 0x10b ? header.u32(24 + 28) : 0
  const table = new Fields(read(start + 24 + optionalSize, count * 40), true)
  const sections = Array.from({ length: Math.floor(table.length / 40) }, (_, index) => ({
    memory: table.u32(index * 40 + 8),
    address: table.u32(index * 40 + 12),
    size: table.u32(index * 40 + 16),
    offset: table.u32(index * 40 + 20),
    flags: table.u32(index * 40 + 36),
  }))
  const data = sections.find(
    ({ address, size, flags }) => address !== 0 && size !== 0 && (flags & ~alignment) >>> 0 === writableData,
  )
  return {
    segments: sections.map(({ address, size, offset }) => ({ address: address + base, size, offset })),
    data: data && { address: data.address + base, size: data.memory },
  }
}

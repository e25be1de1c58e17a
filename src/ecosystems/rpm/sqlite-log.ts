import type { FileHandle } from '#ecosystems/types.ts'
import { viewOf, windowed } from './window.ts'

/** The two spellings of the magic number, by the byte order of the checksums. */
const magics = [0x377f0682, 0x377f0683]

const logHeader = 32
const frameHeader = 24

/**
 * The number of finished transactions in an SQLite write-ahead log (https://www.sqlite.org/fileformat2.html#walformat):
 * frames count as long as they carry the salts of the log's header. 0 for an empty or foreign file.
 */
export function pendingTransactions(file: FileHandle): number {
  const read = windowed(file)
  const header = read(0, logHeader)
  if (header.length < logHeader || !magics.includes(viewOf(header).getUint32(0))) return 0
  const view = viewOf(header)
  const pageSize = view.getUint32(8)
  if (pageSize < 512 || pageSize > 65_536) return 0
  const salts = [view.getUint32(16), view.getUint32(20)]
  let transactions = 0
  for (let at = logHeader; at + frameHeader + pageSize <= file.size; at += frameHeader + pageSize) {
    const frame = viewOf(read(at, frameHeader))
    if (frame.getUint32(8) !== salts[0] || frame.getUint32(12) !== salts[1]) break
    if (frame.getUint32(4) !== 0) transactions++
  }
  return transactions
}

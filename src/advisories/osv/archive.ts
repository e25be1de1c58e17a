import { crc32 } from 'node:zlib'
import { inflateRaw } from '#io/inflate.ts'
import type { ByteSource } from '#lib/byte-source.ts'
import { parseJson } from '#lib/json.ts'
import { readZipDirectory, readZipMember, type ZipDirectory, type ZipEntry } from '#lib/zip.ts'
import { BrokenRecord, isId } from './fields.ts'
import { normalizeOsv, type OsvRecord } from './normalize.ts'

const maxEntries = 2_000_000
/** Far above real records; what is parsed takes many times its size. */
const maxRecordBytes = 8 * 1024 * 1024

/** Together: the largest real archive inflates to a few gigabytes. */
const maxTotalBytes = 32 * 1024 * 1024 * 1024

/** Real archives inflate to at most five times their size; the ratio counts from `bombBytes` on. */
const maxRatio = 50
const bombBytes = 256 * 1024 * 1024

/** An archive that can be read record by record. */
export interface RecordArchive {
  /** Records announced. */
  readonly size: number
  /** Throws `BrokenRecord`, or what the zip reader throws, where a member is damaged or no record of this ecosystem. */
  readonly records: () => Generator<OsvRecord>
}

/**
 * Reads `all.zip` of one bucket folder: members named `<ID>.json`, verified by checksum, each with a record of that id
 * about that ecosystem. Throws what the zip reader throws, and `BrokenRecord` where the directory does not add up.
 */
export function openRecordArchive(source: ByteSource, bucket: string): RecordArchive {
  const directory = readZipDirectory(source, maxEntries)
  if (directory.faults.length > 0) throw new BrokenRecord(directory.faults[0]!)
  const entries = directory.entries.filter(entry => entry.name.endsWith('.json'))
  const total = entries.reduce((sum, entry) => sum + entry.size, 0)
  if (total > maxTotalBytes) throw new BrokenRecord(`the archive inflates to more than ${maxTotalBytes} bytes`)
  if (total > bombBytes && total > maxRatio * source.size)
    throw new BrokenRecord(`the archive inflates to more than ${maxRatio} times its size`)
  return {
    size: entries.length,
    *records() {
      for (const entry of entries)
        yield readRecord(readMember(source, directory, entry), entry.name.slice(0, -5), bucket)
    },
  }
}

/** The record in a file's bytes. Throws `BrokenRecord` where it is none, has another id or is about other ecosystems. */
export function readRecord(bytes: Uint8Array, id: string, bucket: string): OsvRecord {
  if (!isId(id)) throw new BrokenRecord('a file is not named by an id')
  let raw: unknown
  try {
    raw = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    throw new BrokenRecord(`${id} is not JSON`)
  }
  const record = normalizeOsv(raw, bucket)
  if (record.advisory.id !== id) throw new BrokenRecord(`${id} holds the record of ${record.advisory.id}`)
  return record
}

function readMember(source: ByteSource, directory: ZipDirectory, entry: ZipEntry): Uint8Array {
  const content = readZipMember(source, directory, { entry, maxBytes: maxRecordBytes, inflate: inflateRaw })
  if (crc32(content) !== entry.crc) throw new BrokenRecord(`${entry.name} does not match its checksum`)
  return content
}

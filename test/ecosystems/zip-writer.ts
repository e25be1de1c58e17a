import { crc32, deflateRawSync } from 'node:zlib'

/** One member of an archive under test; every lie an archive can tell is a field. */
export interface ZipMember {
  readonly name: string
  readonly content?: string | Uint8Array
  readonly deflate?: boolean
  readonly method?: number
  readonly encrypted?: boolean
  /** What the central directory announces instead of the truth. */
  readonly announcedSize?: number
  readonly announcedPackedSize?: number
  readonly announcedOffset?: number
  /** The name in the local header. */
  readonly localName?: string
}

export interface ZipOptions {
  readonly prefix?: string
  readonly comment?: string
  /** Writes zip64 records for everything. */
  readonly zip64?: boolean
  readonly announcedEntries?: number
}

/** Writes a zip archive, deterministic and, where asked, wrong. */
export function writeZip(members: readonly ZipMember[], options: ZipOptions = {}): Uint8Array {
  const prefix = Buffer.from(options.prefix ?? '')
  const parts: Buffer[] = [prefix]
  const central: Buffer[] = []
  let offset = 0
  for (const member of members) {
    const content = Buffer.from(member.content ?? '')
    const packed = member.deflate ? deflateRawSync(content) : content
    const local = header(member, { content, packed, name: member.localName ?? member.name })
    parts.push(local, packed)
    central.push(directoryEntry(member, { content, packed, offset, zip64: options.zip64 === true }))
    offset += local.length + packed.length
  }
  const directory = Buffer.concat(central)
  const entries = options.announcedEntries ?? members.length
  const comment = Buffer.from(options.comment ?? '')
  parts.push(directory)
  if (options.zip64) parts.push(zip64End(entries, directory.length, offset))
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(options.zip64 ? 0xffff : entries & 0xffff, 8)
  end.writeUInt16LE(options.zip64 ? 0xffff : entries & 0xffff, 10)
  end.writeUInt32LE(options.zip64 ? 0xffffffff : directory.length, 12)
  end.writeUInt32LE(options.zip64 ? 0xffffffff : offset, 16)
  end.writeUInt16LE(comment.length, 20)
  return new Uint8Array(Buffer.concat([...parts, end, comment]))
}

interface Packed {
  readonly content: Buffer
  readonly packed: Buffer
}

function header(member: ZipMember, { content, packed, name }: Packed & { readonly name: string }): Buffer {
  const bytes = Buffer.alloc(30)
  bytes.writeUInt32LE(0x04034b50, 0)
  bytes.writeUInt16LE(20, 4)
  bytes.writeUInt16LE(member.encrypted ? 1 : 0, 6)
  bytes.writeUInt16LE(member.method ?? (member.deflate ? 8 : 0), 8)
  bytes.writeUInt32LE(crc32(content), 14)
  bytes.writeUInt32LE(packed.length, 18)
  bytes.writeUInt32LE(content.length, 22)
  bytes.writeUInt16LE(Buffer.byteLength(name), 26)
  return Buffer.concat([bytes, Buffer.from(name)])
}

function directoryEntry(
  member: ZipMember,
  { content, packed, offset, zip64 }: Packed & { readonly offset: number; readonly zip64: boolean },
): Buffer {
  const bytes = Buffer.alloc(46)
  const size = member.announcedSize ?? content.length
  const packedSize = member.announcedPackedSize ?? packed.length
  const place = member.announcedOffset ?? offset
  const extra = Buffer.alloc(zip64 ? 28 : 0)
  if (zip64) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(24, 2)
    extra.writeBigUInt64LE(BigInt(size), 4)
    extra.writeBigUInt64LE(BigInt(packedSize), 12)
    extra.writeBigUInt64LE(BigInt(place), 20)
  }
  bytes.writeUInt32LE(0x02014b50, 0)
  bytes.writeUInt16LE(member.encrypted ? 1 : 0, 8)
  bytes.writeUInt16LE(member.method ?? (member.deflate ? 8 : 0), 10)
  bytes.writeUInt32LE(crc32(content), 16)
  bytes.writeUInt32LE(zip64 ? 0xffffffff : packedSize, 20)
  bytes.writeUInt32LE(zip64 ? 0xffffffff : size, 24)
  bytes.writeUInt16LE(Buffer.byteLength(member.name), 28)
  bytes.writeUInt16LE(extra.length, 30)
  bytes.writeUInt32LE(zip64 ? 0xffffffff : place, 42)
  return Buffer.concat([bytes, Buffer.from(member.name), extra])
}

function zip64End(entries: number, length: number, offset: number): Buffer {
  const bytes = Buffer.alloc(56 + 20)
  bytes.writeUInt32LE(0x06064b50, 0)
  bytes.writeBigUInt64LE(44n, 4)
  bytes.writeBigUInt64LE(BigInt(entries), 24)
  bytes.writeBigUInt64LE(BigInt(entries), 32)
  bytes.writeBigUInt64LE(BigInt(length), 40)
  bytes.writeBigUInt64LE(BigInt(offset), 48)
  bytes.writeUInt32LE(0x07064b50, 56)
  bytes.writeBigUInt64LE(BigInt(offset + length), 64)
  bytes.writeUInt32LE(1, 72)
  return bytes
}

/** One member to write; everything may be wrong on purpose. */
export interface TarItem {
  readonly name: string | Uint8Array
  readonly type?: string
  readonly body?: Uint8Array | string
  /** The size field, where it is not the body's length. */
  readonly size?: number | Uint8Array
  readonly linkName?: string
  readonly mode?: number
  readonly prefix?: string
  readonly magic?: 'ustar' | 'gnu' | 'v7'
  /** Changes the header before its checksum is written. */
  readonly patch?: (block: Uint8Array) => void
}

const encoder = new TextEncoder()

/** A tar archive for tests, ended by two zero blocks unless `end` is false. */
export function tarBytes(items: readonly TarItem[], options: { readonly end?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const parts = items.flatMap(item => [tarHeader(item), padded(toBytes(item.body ?? ''))])
  if (options.end !== false) parts.push(new Uint8Array(1024))
  return joined(parts)
}

/** The header block of a member, with a right checksum. */
export function tarHeader(item: TarItem): Uint8Array {
  const block = new Uint8Array(512)
  const put = (offset: number, text: string | Uint8Array) => block.set(toBytes(text), offset)
  put(0, item.name)
  put(100, `${(item.mode ?? 0o644).toString(8).padStart(7, '0')}\0`)
  put(108, '0000000\0')
  put(116, '0000000\0')
  const size = item.size ?? toBytes(item.body ?? '').length
  put(124, typeof size === 'number' ? `${size.toString(8).padStart(11, '0')}\0` : size)
  put(136, '00000000000\0')
  put(156, item.type ?? '0')
  put(157, item.linkName ?? '')
  if (item.magic === 'gnu') put(257, 'ustar  \0')
  else if (item.magic !== 'v7') put(257, 'ustar\x0000')
  if (item.prefix !== undefined) put(345, item.prefix)
  item.patch?.(block)
  put(148, '        ')
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return block
}

/** A PAX extended header (`x`) or a global one (`g`) with these records. */
export function paxItem(records: readonly (readonly [string, string | Uint8Array])[], type = 'x'): TarItem {
  const body = joined(records.map(([key, value]) => paxRecord(key, toBytes(value))))
  return { name: 'PaxHeaders/x', type, body }
}

function paxRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = encoder.encode(key).length + value.length + 3
  let length = rest + String(rest).length
  if (rest + String(length).length !== length) length = rest + String(length).length
  return joined([encoder.encode(`${length} ${key}=`), value, encoder.encode('\n')])
}

/** Several pieces as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

function padded(bytes: Uint8Array): Uint8Array {
  return joined([bytes, new Uint8Array((512 - (bytes.length % 512)) % 512)])
}

function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}

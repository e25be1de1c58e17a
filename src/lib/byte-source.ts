/** Random access to bytes, wherever they are. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number
  /** Up to `length` bytes from `offset`; shorter at the end, empty past it. */
  readonly read: (offset: number, length: number) => Uint8Array
}

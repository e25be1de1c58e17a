import { type FileHandle, open } from 'node:fs/promises'
import { constants, deflateRawSync, zstdCompressSync } from 'node:zlib'

const step = 64 * 2 ** 20
const zeros = new Uint8Array(step)

/**
 * Deflate data of `bytes` zeros, to be continued by more of the same: it ends at a byte and refers to nothing before it,
 * so that terabytes are written as fast as kilobytes.
 */
function continuing(bytes: Uint8Array): Buffer {
  return deflateRawSync(bytes, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
}

/** One gzip member: `head` bytes, then so many times `filler`. Its checksum is wrong, and found only at its end. */
export function gzipBomb(head: Uint8Array, size: number, filler = 0): Buffer {
  const many = continuing(filler === 0 ? zeros : new Uint8Array(step).fill(filler))
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
  const last = Buffer.from([3, 0])
  return Buffer.concat([
    header,
    continuing(head),
    ...new Array(Math.ceil(size / step)).fill(many),
    last,
    Buffer.alloc(8),
  ])
}

/** The same as zstd, in frames. */
export function zstdBomb(head: Uint8Array, size: number, filler = 0): Buffer {
  const many = zstdCompressSync(filler === 0 ? zeros : new Uint8Array(step).fill(filler))
  return Buffer.concat([zstdCompressSync(head), ...new Array(Math.ceil(size / step)).fill(many)])
}

/** Raw deflate data of so many zeros, whole. */
export function deflateBomb(size: number): Buffer {
  return Buffer.concat([...new Array(Math.ceil(size / step)).fill(continuing(zeros)), Buffer.from([3, 0])])
}

/**
 * Writes a gzip stream of tar headers of empty files in a folder: `distinct` names, all of them `times` over. Headers
 * are changed in place, since millions are made.
 */
export async function writeCrowd(path: string, distinct: number, times: number): Promise<void> {
  const perPiece = 50_000
  const file = await open(path, 'w')
  try {
    await file.write(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]))
    const pieces: Buffer[] = []
    for (let from = 0; from < distinct; from += perPiece) pieces.push(crowdPiece(from, perPiece))
    for (let time = 0; time < times; time++) for (const piece of pieces) await file.write(piece)
    await end(file)
  } finally {
    await file.close()
  }
}

async function end(file: FileHandle): Promise<void> {
  await file.write(deflateRawSync(new Uint8Array(1024)))
  await file.write(Buffer.alloc(8))
}

function crowdPiece(from: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * 512)
  for (let at = 0; at < count; at++) {
    const header = bytes.subarray(at * 512, at * 512 + 512)
    header.write(`srv/d${Math.floor((from + at) / 1000)}/f${from + at}`, 0, 'latin1')
    header.write(
      '0000644\0' + '0000000\0' + '0000000\0' + '00000000000\0' + '00000000000\0' + '        0',
      100,
      'latin1',
    )
    header.write('ustar\x0000', 257, 'latin1')
    let sum = 0
    for (let index = 0; index < 265; index++) sum += header[index]!
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  }
  return deflateRawSync(bytes, { level: 1, finishFlush: constants.Z_FULL_FLUSH })
}

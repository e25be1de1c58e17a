import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { root } from '#test/architecture/sources.ts'

/** A fixture of the repository, by its path from `src/`; what is packed with gzip is unpacked. */
export function fixture(path: string): Uint8Array {
  const bytes = readFileSync(join(root, 'src', path))
  return new Uint8Array(path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
}

/** All fixtures of a folder. */
export function fixturesIn(folder: string): readonly Uint8Array[] {
  return readdirSync(join(root, 'src', folder)).map(name => fixture(`${folder}/${name}`))
}

const decoder = new TextDecoder()

/** Bytes as text, as readers of text get it. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** Makes the checksum of everything that looks like a tar header right. */
export function repairTar(bytes: Uint8Array): void {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const isHeader = bytes[at + 257] === 0x75 && bytes[at + 258] === 0x73 && bytes[at + 259] === 0x74
    if (!isHeader) continue
    bytes.fill(0x20, at + 148, at + 156)
    let sum = 0
    for (let index = at; index < at + 512; index++) sum += bytes[index] ?? 0
    const digits = sum.toString(8).padStart(6, '0')
    for (let index = 0; index < 6; index++) bytes[at + 148 + index] = digits.charCodeAt(index)
    bytes[at + 154] = 0
  }
}

/** A document of a format for tests: many small ones at once are better seeds than one large one. */
export const nestedJson = '{"a":{"b":[1,-2.5e3,"x\\u0041",null,true,{"__proto__":{"c":1}}]}}'

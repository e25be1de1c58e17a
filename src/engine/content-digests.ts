import type { WalkedFile } from '#images/types.ts'
import type { HashAlgorithm, Ports } from './ports.ts'

/** Digests of a file's content, of every kind that a package manager keeps. */
export function contentDigests(file: WalkedFile, hash: Ports['hash']): Record<HashAlgorithm, string> {
  const hashers = { md5: hash('md5'), sha1: hash('sha1'), sha256: hash('sha256') }
  const step = 1024 * 1024
  for (let offset = 0; offset < file.size; offset += step) {
    const part = file.read(offset, step)
    if (part.length === 0) break
    for (const hasher of Object.values(hashers)) hasher.update(part)
  }
  return { md5: hashers.md5.hex(), sha1: hashers.sha1.hex(), sha256: hashers.sha256.hex() }
}

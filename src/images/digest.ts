import { createHash } from 'node:crypto'

/** `sha256:<hex>` of the bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** True for a digest that Sluice can verify: `sha256:` or `sha512:` and lower-case hex of the right length. */
export function isDigest(text: unknown): text is string {
  return typeof text === 'string' && /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text)
}

/** A running hash. */
export interface DigestHash {
  readonly algorithm: 'sha256' | 'sha512'
  readonly update: (bytes: Uint8Array) => void
  /** `algorithm:<hex>`; ends the hash. */
  readonly digest: () => string
}

/** A running hash for a digest's algorithm. */
export function digestHash(like: string): DigestHash {
  const algorithm = algorithmOf(like)
  const hash = createHash(algorithm)
  return { algorithm, update: bytes => void hash.update(bytes), digest: () => `${algorithm}:${hash.digest('hex')}` }
}

/** The algorithm of a digest. */
export function algorithmOf(digest: string): 'sha256' | 'sha512' {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

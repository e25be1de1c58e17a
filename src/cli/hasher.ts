import { createHash, type Hash, hash } from 'node:crypto'
import type { HashAlgorithm, Hasher } from '#engine/ports.ts'

/**
 * An incremental hash. Most of what the engine hashes is one short text: that is hashed in one call, which takes a third
 * of the time.
 */
export function createHasher(algorithm: HashAlgorithm): Hasher {
  let text = ''
  let running: Hash | undefined
  return {
    update: data => {
      // Bytes are hashed at once: they may lie where the next ones will.
      if (running === undefined && text === '' && typeof data === 'string') text = data
      else {
        running ??= createHash(algorithm).update(text)
        running.update(data)
      }
    },
    hex: () => running?.digest('hex') ?? hash(algorithm, text, 'hex'),
  }
}

import { createHash } from 'node:crypto'
import type { Ports } from '#engine/ports.ts'

/** A cache that keeps its entries in a map. */
export function cacheIn(stored: Map<string, Uint8Array>): Ports['cache'] {
  return {
    get: async key => stored.get(key),
    prepare: async (key, value) => async () => void stored.set(key, value),
  }
}

/** Ports that keep nothing on the disk but what is spooled, at a moment that does not pass; nobody may ask advisories. */
export function portsIn(temporary: string): Ports {
  return {
    advisories: () => Promise.reject(new Error('not asked for')),
    cache: cacheIn(new Map()),
    answers: cacheIn(new Map()),
    hash: algorithm => {
      const hash = createHash(algorithm)
      return { update: data => void hash.update(data), hex: () => hash.digest('hex') }
    },
    now: () => new Date('2026-11-20T12:00:00Z'),
    temporary,
    environment: {},
  }
}

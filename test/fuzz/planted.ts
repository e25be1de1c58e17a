import type { FuzzTarget } from '#tools/fuzz/target.ts'

/** Bugs that the fuzzer has to find: behind a word that only coverage leads to, in time, and in memory. */
export const targets: readonly FuzzTarget[] = [
  {
    name: 'steps',
    covers: [],
    seeds: () => ['....'],
    throws: 'errors',
    run: bytes => {
      if (bytes[0] !== 0x42) return
      if (bytes[1] !== 0x55) return
      if (bytes[2] !== 0x47) return
      throw new TypeError('planted')
    },
  },
  {
    name: 'refusal',
    covers: [],
    seeds: () => ['x'],
    throws: 'errors',
    run: () => {
      throw new Error('not read')
    },
  },
  {
    name: 'endless',
    covers: [],
    seeds: () => ['....'],
    throws: 'errors',
    run: bytes => {
      while (bytes[0] !== 0x2e) bytes[1] = 0
    },
  },
  {
    name: 'hungry',
    covers: [],
    seeds: () => ['....'],
    throws: 'errors',
    run: bytes => {
      const held: string[] = []
      while (bytes[0] !== 0x2e) held.push(`${held.length}`.repeat(1000))
    },
  },
  {
    name: 'polluted',
    covers: [],
    seeds: () => ['a'],
    throws: 'errors',
    run: () => {
      Object.assign(Object.prototype, { planted: 1 })
    },
  },
  {
    name: 'printed',
    covers: [],
    seeds: () => ['a'],
    throws: 'errors',
    run: () => console.warn('planted'),
  },
]

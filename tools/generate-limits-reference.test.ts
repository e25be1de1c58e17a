import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { limitsReference, referencePath, structuralBounds } from './generate-limits-reference.ts'

describe('tools/generate-limits-reference', () => {
  it('is what the repository holds (npm run reference makes it anew)', () => {
    expect(readFileSync(join(root, referencePath), 'utf8')).toBe(limitsReference())
  })

  it('finds bounds with and without a sentence above', () => {
    const text = `/** So many rows. More is damage. */\nconst maxRows = 5_000\n\nexport const maxTextBytes = 64 * 1024\n`

    expect(structuralBounds({ path: 'lib/a.ts', text, imports: [] })).toEqual([
      { path: 'lib/a.ts', what: 'So many rows (`maxRows`)', value: '5,000' },
      { path: 'lib/a.ts', what: 'Most text bytes', value: '64 KiB' },
    ])
  })
})

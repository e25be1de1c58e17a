import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { version } from '#cli/version.ts'
import { referencePages, withGeneratedTables } from '#tools/reference-pages.ts'
import { root } from './sources.ts'

const read = (...parts: readonly string[]) => readFileSync(join(root, ...parts), 'utf8')

describe('the reference', () => {
  it.each([...referencePages()])('%s is what the code says: npm run reference', (name, expected) => {
    expect(read('docs', 'reference', name)).toBe(expected)
  })

  it('has its tables in README.md: npm run reference', () => {
    expect(read('README.md')).toBe(withGeneratedTables(read('README.md')))
  })

  it("gives Sluice the version of package.json, which start-up doesn't read", () => {
    expect(version).toBe(JSON.parse(read('package.json')).version)
  })
})

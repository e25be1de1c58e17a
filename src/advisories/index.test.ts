import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { advisorySources } from './index.ts'

describe('advisories', () => {
  it('lists every source that has a folder, in alphabetical order', () => {
    const folders = readdirSync(fileURLToPath(new URL('.', import.meta.url)), { withFileTypes: true })
      .filter(entry => entry.isDirectory() && entry.name !== 'store')
      .map(({ name }) => name)

    expect(advisorySources.map(({ id }) => id)).toEqual(folders.sort())
  })
})

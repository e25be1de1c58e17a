import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ecosystems } from '#ecosystems/index.ts'
import { imageSources } from '#images/index.ts'
import { reportFormats } from '#reports/index.ts'
import { root } from './sources.ts'

const foldersOf = (family: string) =>
  readdirSync(join(root, 'src', family), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name !== 'fixtures')
    .map(({ name }) => name)
    .sort()

describe('the families', () => {
  it('list every ecosystem that has a folder, in alphabetical order', () => {
    expect(ecosystems.map(({ id }) => id)).toEqual(foldersOf('ecosystems'))
  })

  it('document every ecosystem', () => {
    for (const { id } of ecosystems) expect(readdirSync(join(root, 'src', 'ecosystems', id))).toContain('README.md')
  })

  it('list every report format once, by the name of its file', () => {
    const ids = reportFormats.map(({ id }) => id)

    expect(ids).toEqual([...ids].sort())
    for (const id of ids) expect(readdirSync(join(root, 'src', 'reports'))).toContain(`${id}.ts`)
  })

  it('give every image source a scheme of its own', () => {
    expect(new Set(imageSources.map(({ id }) => id)).size).toBe(imageSources.length)
  })
})

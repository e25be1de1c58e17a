import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { readArchive } from './archive.ts'

const repository = join(homedir(), '.m2', 'repository')
const hasRepository = existsSync(repository)
if (!hasRepository) console.warn('SKIPPED: there is no local Maven repository to compare with')

describe('ecosystems/maven: the local Maven repository', () => {
  it.skipIf(!hasRepository)('gives no archive of it a wrong group', () => {
    const wrong: string[] = []
    let named = 0
    const archives = readdirSync(repository, { recursive: true, encoding: 'utf8' }).filter(path =>
      path.endsWith('.jar'),
    )
    for (const path of archives.slice(0, 500)) {
      const parts = path.split('/')
      const file = parts.pop()!
      const [version, artifact] = [parts.pop()!, parts.pop()!]
      // Only the name is given, so that the place of the file tells nothing.
      const handle = fileHandle(file, readFileSync(join(repository, path)))
      const { packages } = readArchive({ path: file, source: handle, inflate: handle.inflateRaw })
      const own = packages.filter(pkg => pkg.inner === '' && pkg.artifact === artifact && pkg.group !== undefined)
      named += own.length
      const expected = `${parts.join('.')}:${artifact}:${version}`
      const found = own.map(pkg => `${pkg.group}:${pkg.artifact}:${pkg.version}`)
      if (found.length > 0 && !found.includes(expected)) wrong.push(`${expected} was taken for ${found.join(', ')}`)
    }

    expect(wrong).toEqual([])
    expect(named).toBeGreaterThan(0)
  })
})

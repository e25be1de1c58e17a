import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { writeZip } from './zip-write.ts'

const text = (value: string) => new TextEncoder().encode(value)

describe('lib/zip-write', () => {
  it("writes what Python's zipfile reads and finds whole", () => {
    const folder = mkdtempSync(join(tmpdir(), 'zip-write-'))
    const files = { 'A-1.json': '{"id":"A-1"}', 'ü.txt': 'é', empty: '' }
    const path = join(folder, 'all.zip')

    try {
      writeFileSync(
        path,
        writeZip(
          Object.entries(files).map(([name, body]) => ({ name, body: text(body) })),
          crc32,
        ),
      )

      const script =
        'import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps({n:z.read(n).decode() for n in z.namelist()}))'
      const read = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' })
      expect(JSON.parse(read)).toEqual(files)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('writes an empty archive for no files', () => {
    expect(writeZip([], crc32)).toHaveLength(22)
  })
})

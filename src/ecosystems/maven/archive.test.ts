import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Limits, limitsWith } from '#model/limits.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { writeZip, type ZipMember } from '#test/ecosystems/zip-writer.ts'
import { type ArchiveContents, readArchive } from './archive.ts'

describe('ecosystems/maven/archive', () => {
  it('reads archives in archives, stored and deflated', () => {
    const log4j = writeZip([described('org.apache.logging.log4j', 'log4j-core', '2.14.1')])
    const app = writeZip([{ name: 'BOOT-INF/lib/log4j-core-2.14.1.jar', content: log4j }])
    const war = writeZip([
      described('com.example', 'ledger', '2.3.0'),
      { name: 'WEB-INF/lib/app.jar', content: app, deflate: true },
    ])

    const { packages, problems } = read('srv/ledger.war', war)

    expect(problems).toEqual([])
    expect(packages.map(pkg => [`${pkg.group}:${pkg.artifact}:${pkg.version}`, pkg.inner])).toEqual([
      ['com.example:ledger:2.3.0', ''],
      ['org.apache.logging.log4j:log4j-core:2.14.1', '!/WEB-INF/lib/app.jar!/BOOT-INF/lib/log4j-core-2.14.1.jar'],
    ])
  })

  it('reads an archive that a shell script runs', () => {
    const jar = writeZip([described('a', 'b', '1')], { prefix: '#!/bin/bash\nexec java -jar "$0" "$@"\n' })

    expect(namesOf(read('b-1.jar', jar))).toEqual(['a:b:1'])
  })

  it('reads what it can of a damaged archive and tells of the rest', () => {
    const good = writeZip([described('a', 'good', '1')])
    const war = writeZip([
      { name: 'WEB-INF/lib/good.jar', content: good },
      { name: 'WEB-INF/lib/cut.jar', content: good.subarray(0, good.length - 30) },
      { name: 'WEB-INF/lib/locked.jar', content: good, encrypted: true },
      { name: 'WEB-INF/lib/odd.jar', content: good, method: 93 },
      { name: 'WEB-INF/lib/lie.jar', content: good, deflate: true, announcedSize: 7 },
      { name: 'WEB-INF/lib/notes.jar', content: 'moved away' },
      { name: 'WEB-INF/lib/empty.jar', content: '' },
      { name: 'WEB-INF/lib/winrar.rar', content: 'Rar!' },
    ])

    const contents = read('x.war', war)

    expect(namesOf(contents)).toEqual(['a:good:1'])
    expect(contents.problems).toEqual([
      { code: 'truncated', detail: 'cut.jar: the archive has no zip directory at its end' },
      { code: 'encrypted', detail: 'locked.jar: WEB-INF/lib/locked.jar is encrypted' },
      { code: 'unsupported', detail: 'odd.jar: WEB-INF/lib/odd.jar is compressed by method 93' },
      { code: 'limit', detail: expect.stringContaining('lie.jar') },
      { code: 'unreadable', detail: 'notes.jar: the file is not a zip archive' },
    ])
  })

  it('stops at the depth, the number and the bytes it is allowed', () => {
    const bomb = writeZip([{ name: 'zeros.jar', content: new Uint8Array(3_000_000), deflate: true }])
    const wide = writeZip(Array.from({ length: 20 }, (_, index) => ({ name: `${index}.jar`, content: writeZip([]) })))
    let deep = writeZip([described('a', 'deep', '1')])
    for (let level = 0; level < 12; level++) deep = writeZip([{ name: `l${level}.jar`, content: deep }])

    const details = [
      read('bomb.jar', bomb, { 'archive-bytes': 1_000_000 }),
      read('bomb.jar', bomb, { 'archive-memory': 1_000_000 }),
      read('wide.jar', wide, { 'archive-count': 10 }),
      read('deep.jar', deep),
    ].map(contents => contents.problems[0])

    expect(details).toEqual([
      { code: 'limit', detail: 'zeros.jar: the archives inside are too large (limit archive-bytes=1000000)' },
      { code: 'limit', detail: 'zeros.jar: the archives inside are too large (limit archive-memory=1000000)' },
      { code: 'limit', detail: '9.jar: too many archives in one file (limit archive-count=10)' },
      { code: 'limit', detail: 'l3.jar: archives are nested too deep (limit archive-depth=8)' },
    ])
  })

  it('ends on an archive that holds itself', () => {
    // The member points at offset 0, so its content is the archive up to its directory, over and over.
    const quine = writeZip([
      { name: 'self.jar', content: 'x'.repeat(100), announcedOffset: 0, announcedSize: 100 },
      { name: 'self.jar', content: 'x', announcedOffset: 0, announcedSize: 100, announcedPackedSize: 100 },
    ])

    const { packages, problems } = read('self.jar', quine)

    expect(packages).toEqual([])
    expect(problems[0]).toEqual({ code: 'unreadable', detail: 'members of the archive overlap or lie outside of it' })
  })

  it('never throws, whatever is damaged', () => {
    const inner = writeZip([described('a', 'b', '1')])
    const honest = writeZip([
      described('c', 'd', '2'),
      { name: 'x.jar', content: inner },
      { name: 'y.jar', content: inner, deflate: true },
    ])

    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(honest.length - 1), fc.nat(255)), { maxLength: 8 }), changes => {
        const bytes = new Uint8Array(honest)
        for (const [at, value] of changes) bytes[at] = value
        expect(read('d-2.jar', bytes).packages.length).toBeLessThanOrEqual(3)
      }),
      { numRuns: 1000 },
    )
  })
})

function described(group: string, artifact: string, version: string): ZipMember {
  return {
    name: `META-INF/maven/${group}/${artifact}/pom.properties`,
    content: `#Generated by Maven\nversion=${version}\ngroupId=${group}\nartifactId=${artifact}\n`,
    deflate: true,
  }
}

function read(path: string, bytes: Uint8Array, limits: Partial<Limits> = {}): ArchiveContents {
  const handle = fileHandle(path, bytes)
  return readArchive({ path, source: handle, inflate: handle.inflateRaw }, limitsWith(limits))
}

function namesOf(contents: ArchiveContents): readonly string[] {
  return contents.packages.map(pkg => `${pkg.group}:${pkg.artifact}:${pkg.version}`)
}

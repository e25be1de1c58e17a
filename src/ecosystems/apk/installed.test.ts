import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedPath } from '#test/support/shared.ts'
import { describeWith } from '#test/support/skips.ts'
import { parseInstalled } from './installed.ts'

const shared = sharedPath('rootfs-metadata')

/** What `apk list --installed` is made from: the `P`, `V` and `A` lines, in order. */
function listed(text: string): readonly string[] {
  const values = (key: string) => [...text.matchAll(new RegExp(`^${key}:(.*)$`, 'gm'))].map(match => match[1])
  const [names, versions, arches] = [values('P'), values('V'), values('A')]
  return names.map((name, index) => `${name} ${versions[index]} ${arches[index]}`)
}

function listByUs(text: string): readonly string[] {
  return parseInstalled(text, () => false).packages.map(({ name, version, arch }) => `${name} ${version} ${arch}`)
}

const database = readFileSync(new URL('./fixtures/alpine-3.20/lib/apk/db/installed', import.meta.url), 'utf8')

describe('ecosystems/apk/installed', () => {
  it('lists the packages of a real database', () => {
    const { packages, problems } = parseInstalled(database, () => false)

    expect(problems).toEqual([])
    expect(packages).toHaveLength(14)
    expect(listByUs(database)).toEqual(listed(database))
    expect(packages.find(({ name }) => name === 'libcrypto3')).toMatchObject({
      version: '3.3.2-r0',
      arch: 'x86_64',
      origin: 'openssl',
      license: 'Apache-2.0',
      files: [],
    })
    expect(packages[0]?.line).toBe(1)
  })

  it('keeps the files asked for, with digests', () => {
    const { packages } = parseInstalled(database, path => path.endsWith('libcrypto.so.3'))

    // base64 -d | xxd -p of the two Z lines
    expect(packages.flatMap(({ files }) => files)).toEqual([
      ['lib/libcrypto.so.3', 'sha1:ec12a4df227f1e6ca2157b1cf1f4a32331e6e819'],
      ['usr/lib/libcrypto.so.3', 'sha1:5caf27b7b0325fb1881a930e2e5909939772f357'],
    ])
  })

  it('reads SHA-256 digests, files of the root folder and virtual packages', () => {
    // printf '' | sha256sum
    const empty = 'Q247DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    const text = `P:.deps\nV:20240101.120000\nA:noarch\n\nP:a\nV:1-r0\nF:\nR:file\nZ:${empty}\nR:other\nZ:Q1***\nR:bare\n\n`
    const { packages, problems } = parseInstalled(text, () => true)

    expect(problems).toEqual([])
    expect(packages.map(({ name }) => name)).toEqual(['.deps', 'a'])
    expect(packages[1]?.files).toEqual([
      ['file', 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      ['other', ''],
      ['bare', ''],
    ])
  })

  it('tells what it could not read and keeps the rest', () => {
    const { packages, problems } = parseInstalled(
      'V:1-r0\n\nP:a b\nV:1\n\nP:c\n\nP:ok\nV:1-r0\n\nP:cut\nV:',
      () => true,
    )

    expect(packages.map(({ name, line }) => [name, line])).toEqual([['ok', 8]])
    expect(problems.map(({ code, line }) => [code, line])).toEqual([
      ['unreadable', 1],
      ['unreadable', 3],
      ['unreadable', 6],
      ['unreadable', 11],
      ['truncated', undefined],
    ])
  })

  it('holds on empty, huge and hostile text', () => {
    expect(parseInstalled('', () => true)).toEqual({ packages: [], problems: [] })
    expect(parseInstalled(`P:${'a'.repeat(1_000_000)}\nV:1\n\n`, () => true).problems).toHaveLength(1)
    expect(parseInstalled(`P:a\nV:1\nT:${'x'.repeat(2_000_000)}\n\n`, () => true).packages).toHaveLength(1)
    expect(parseInstalled('V:1\n\n'.repeat(5000), () => true).problems).toHaveLength(100)
    expect(parseInstalled('Z:Q1AAAA\nP:a\nV:1\nZ:Q1AAAA\n\n', () => true).packages[0]?.files).toEqual([])
  })

  it('puts no paths together beyond measure', () => {
    const many = (folder: string, files: number) => `P:a\nV:1\nF:${folder}\n${'R:x\n'.repeat(files)}\n`

    const impossible = parseInstalled(many('f'.repeat(5000), 10), () => true)
    const long = parseInstalled(many('f'.repeat(4000), 20_000), () => true)

    expect(impossible).toMatchObject({ packages: [{ name: 'a', files: [] }], problems: [] })
    expect(long).toMatchObject({ packages: [{ name: 'a' }], problems: [{ code: 'limit' }] })
    expect(long.packages[0]!.files.length).toBeLessThan(10_000)
  })

  it('never throws', () => {
    const line = fc.constantFrom('P:a', 'V:1-r0', 'F:usr', 'R:b', 'Z:Q1', 'Z:Q2=', 'F:', '', 'P:', ':', 'a:0:0:755')
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string()), { maxLength: 30 }), lines => {
        for (const found of parseInstalled(lines.join('\n'), () => true).packages) {
          expect(found.name).not.toBe('')
          expect(found.version).not.toBe('')
        }
      }),
    )
  })
})

describeWith('../shared/rootfs-metadata', shared !== undefined)('ecosystems/apk/installed of every Alpine', () => {
  it.each(['3.8', '3.9', '3.10', '3.11', '3.18', '3.20'])('lists the packages of Alpine %s', release => {
    const text = readFileSync(`${shared}/alpine-${release}/lib/apk/db/installed`, 'utf8')
    const { packages, problems } = parseInstalled(text, () => true)

    expect(problems).toEqual([])
    expect(listByUs(text)).toEqual(listed(text))
    expect(packages.length).toBeGreaterThan(12)
    expect(packages.flatMap(({ files }) => files)).toHaveLength(text.match(/^R:/gm)!.length)
    expect(packages.flatMap(({ files }) => files).every(([, digest]) => /^sha1:[0-9a-f]{40}$/.test(digest))).toBe(true)
  })
})

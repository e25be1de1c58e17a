import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { itWith } from '#test/support/skips.ts'
import { parseStatus } from './status.ts'

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
const format = '${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n'

const hasDpkg = (() => {
  try {
    execFileSync('dpkg-query', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** What dpkg-query lists of a database, without the packages that left only configuration behind. */
function listByDpkg(...options: readonly string[]): readonly string[] {
  return execFileSync('dpkg-query', [...options, '-W', `-f=${format}`], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('config-files '))
    .map(line => line.slice(line.indexOf(' ') + 1))
    .sort()
}

function listByUs(text: string): readonly string[] {
  return parseStatus(text, 'status')
    .packages.map(({ name, version, arch = '', source = name, sourceVersion = version }) =>
      [name, version, arch, source, sourceVersion].join(' '),
    )
    .sort()
}

const rest = 'Maintainer: A <a@example.com>\nDescription: d\n'

/** Every state and spelling that dpkg itself reads. */
const odd = `Package: plain
Status: install ok installed
Architecture: amd64
Version: 1
${rest}
Package: without-status
Architecture: amd64
Version: 2
${rest}
Package: half
Status: install ok half-installed
Architecture: amd64
Version: 2
${rest}
Package: purged
Status: purge ok not-installed
Architecture: amd64
${rest}
Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 2
${rest}
Package: unpacked
Status: install ok unpacked
Architecture: all
Version: 1:2~rc1-3+b1
Source: other (1:2~rc1-3)
${rest}
PACKAGE: upper.case+name
status: hold reinstreq installed
Architecture: amd64
VERSION:   2:3
source: foo (1.2)
Maintainer: A <a@example.com>
Description: d
 Package: not-a-field
 .
 Version: 99
Bogus: x

Package: same-source
Status: install ok half-configured
Architecture: i386
Version: 4
Source: same-source
${rest}
Package: waiting
Status: install ok triggers-awaited
Architecture: amd64
Version: 4
Source: elsewhere
Triggers-Awaited: plain
${rest}`

describe('ecosystems/deb/status', () => {
  it('lists what dpkg-query lists of a real database', () => {
    const root = new URL('./fixtures/debian-12/', import.meta.url)
    const expected = readFileSync(new URL('dpkg-query.txt', root), 'utf8').trim().split('\n').sort()

    expect(listByUs(readFileSync(new URL('var/lib/dpkg/status', root), 'utf8'))).toEqual(expected)
  })

  itWith('dpkg', hasDpkg)('lists what the dpkg of this machine lists of itself', () => {
    expect(listByUs(readFileSync('/var/lib/dpkg/status', 'utf8'))).toEqual(listByDpkg())
  })

  itWith('dpkg', hasDpkg)('lists what dpkg lists of odd states and spellings', () => {
    const directory = mkdtempSync(join(tmpdir(), 'deb-status-'))
    try {
      writeFileSync(join(directory, 'status'), odd)

      expect(listByUs(odd)).toEqual(listByDpkg(`--admindir=${directory}`))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('gives every present package its line, and leaves removed ones out', () => {
    const { packages, problems } = parseStatus(odd, 'status')

    expect(problems).toEqual([])
    expect(packages.map(({ name }) => name)).toEqual([
      'plain',
      'half',
      'unpacked',
      'upper.case+name',
      'same-source',
      'waiting',
    ])
    for (const { name, line } of packages) expect(odd.split('\n')[line - 1]?.toLowerCase()).toBe(`package: ${name}`)
  })

  it('takes a fragment without a status for installed', () => {
    const { packages, problems } = parseStatus(
      'Package: tzdata\nVersion: 2026a-0+deb12u1\nArchitecture: all',
      'fragment',
    )

    expect(packages).toEqual([{ name: 'tzdata', version: '2026a-0+deb12u1', arch: 'all', line: 1 }])
    expect(problems).toEqual([])
  })

  it('tells what it could not read and keeps the rest', () => {
    const installed = 'Status: install ok installed\n'
    const text = `Package: a\n${installed}\nPackage: ../etc\n${installed}Version: 1\n\nPackage: b\n${installed}Version: 1\n\nPackage: c\n${installed}Version: 1 2\n\nPackage: d\n${installed}Vers`
    const { packages, problems } = parseStatus(text, 'status')

    expect(packages.map(({ name }) => name)).toEqual(['b'])
    expect(problems.map(({ code, line }) => [code, line])).toEqual([
      ['unreadable', 1],
      ['unreadable', 4],
      ['unreadable', 12],
      ['unreadable', 16],
      ['truncated', undefined],
    ])
  })

  it('holds on empty, huge and hostile text', () => {
    const huge = `Package: a\nStatus: install ok installed\nVersion: 1\nDescription: ${'x'.repeat(2_000_000)}\n\n`

    expect(parseStatus('', 'status')).toEqual({ packages: [], problems: [] })
    expect(parseStatus(huge, 'status').packages).toHaveLength(1)
    expect(parseStatus(`Package: ${'a'.repeat(1_000_000)}\nVersion: 1\n`, 'fragment').problems).toHaveLength(1)
    expect(parseStatus('Package: \u0000\uFFFD\n'.repeat(1000), 'fragment').packages).toEqual([])
    expect(parseStatus('x\n\n'.repeat(250_000), 'fragment').problems.length).toBeLessThanOrEqual(100)
  })

  it('never throws', () => {
    const piece = fc.constantFrom(
      'Package: a',
      'Version:',
      'Version: 1',
      ' x',
      '\n',
      '\r\n',
      'Status: ',
      'Source: (',
      ':',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), fc.boolean(), (parts, isFragment) => {
        const text = parts.join('\n')
        for (const found of parseStatus(text, isFragment ? 'fragment' : 'status').packages) {
          expect(found.name).not.toBe('')
          expect(found.version).not.toBe('')
        }
      }),
    )
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { DeclaredPackage } from './declared.ts'
import { parsePdmLock, parsePipfileLock, parsePoetryLock, parsePylock } from './locks.ts'
import { parseRequirement, parseRequirements } from './requirements.ts'
import { parseUvLock } from './uv-lock.ts'

// `uv export --no-hashes --no-emit-project --all-extras` of the project in fixtures/ORIGIN.md, with and without --no-dev.
const needed = [
  ...['anyio 4.3.0', 'click 8.5.1', 'flask 1.0', 'idna 3.20', 'itsdangerous 2.2.0', 'jinja2 3.1.6', 'markupsafe 3.0.4'],
  ...['setuptools 84.2.1', 'sniffio 1.3.1', 'werkzeug 3.1.9', 'zope-interface 6.1'],
]

describe('ecosystems/pypi/locks', () => {
  it('reads uv.lock as uv does', () => {
    const packages = parseUvLock(fixture('uv.lock'))

    expect(textsOf(packages.filter(pkg => pkg.dev !== true))).toEqual(needed)
    expect(textsOf(packages.filter(pkg => pkg.dev === true))).toEqual(['iniconfig 2.0.0', 'packaging 23.2'])
  })

  it('reads pylock.toml', () => {
    const withoutExtra = needed.filter(text => !/^(anyio|idna|sniffio) /.test(text))

    expect(textsOf(parsePylock(fixture('pylock.toml')))).toEqual(
      [...withoutExtra, 'iniconfig 2.0.0', 'packaging 23.2'].sort(),
    )
  })

  it('reads Pipfile.lock', () => {
    const packages = parsePipfileLock(fixture('Pipfile.lock'))

    expect(textsOf(packages.filter(pkg => pkg.dev !== true))).toContain('flask 1.0')
    expect(packages.filter(pkg => pkg.dev === true)).toEqual([{ name: 'iniconfig', version: '2.0.0', dev: true }])
  })

  it('reads poetry.lock of both forms', () => {
    const old = `[[package]]\nname = "pytest"\nversion = "6.2"\ncategory = "dev"\n
[[package]]\nname = "flask"\nversion = "1.0"\ncategory = "main"\n[metadata]\nlock-version = "1.1"\n`
    const now = `[[package]]\nname = "pytest"\nversion = "8.0"\ngroups = ["dev", "docs"]\n
[[package]]\nname = "flask"\nversion = "1.0"\ngroups = ["main", "dev"]\n
[[package]]\nname = "local"\nversion = "0"\ngroups = ["main"]\n[package.source]\ntype = "directory"\nurl = "../local"\n`

    expect([parsePoetryLock(old), parsePoetryLock(now)]).toEqual([
      [
        { name: 'pytest', version: '6.2', dev: true },
        { name: 'flask', version: '1.0' },
      ],
      [
        { name: 'pytest', version: '8.0', dev: true },
        { name: 'flask', version: '1.0' },
      ],
    ])
  })

  it('reads pdm.lock', () => {
    const text = `[metadata]\ngroups = ["default", "dev"]\n
[[package]]\nname = "flask"\nversion = "1.0"\ngroups = ["default"]\n
[[package]]\nname = "pytest"\nversion = "8.0"\ngroups = ["dev"]\n
[[package]]\nname = "local"\nversion = "0"\npath = "./local"\ngroups = ["default"]\n`

    expect(parsePdmLock(text)).toEqual([
      { name: 'flask', version: '1.0' },
      { name: 'pytest', version: '8.0', dev: true },
    ])
  })

  it('takes pinned requirements only', () => {
    const text = `# base
Django==3.2.0
Flask[async] == 1.0  # pinned
requests>=2.19.1
urllib3==1.26.*
Jinja2 === 2.10 ; python_version >= "3" and extra == "x==9"
cryptography==41.0.0 \\
    --hash=sha256:ce78 \\
    --hash=sha256:0a00
zope.interface (==6.1)
idna>=2,==2.7,<3
-r other.txt
-e ./local
--index-url https://example.com/simple
pkg @ https://example.com/pkg-1.0.whl
./wheels/x==1.whl
certifi==2022.5.18`

    expect(parseRequirements(text, 'requirements.txt').map(({ name, version, line }) => [name, version, line])).toEqual(
      [
        ['Django', '3.2.0', 2],
        ['Flask', '1.0', 3],
        ['Jinja2', '2.10', 6],
        ['cryptography', '41.0.0', 7],
        ['zope.interface', '6.1', 10],
        ['idna', '2.7', 11],
        ['certifi', '2022.5.18', 17],
      ],
    )
  })

  it.each([
    ['requirements-dev.txt', true],
    ['requirements/test.txt', true],
    ['dev/requirements.txt', false],
    ['requirements-latest.txt', false],
  ])('takes %s for development: %s', (path, isDev) => {
    expect(parseRequirements('a==1', path)[0]?.dev === true).toBe(isDev)
  })

  it('is quick with hostile requirements', () => {
    expect(parseRequirement(`a${' '.repeat(200_000)}x==1`)).toBeUndefined()
    expect(parseRequirement(`a${'['.repeat(200_000)}`)).toBeUndefined()
    expect(parseRequirements('\\\n'.repeat(200_000), 'requirements.txt')).toEqual([])
  })

  it.each([parseUvLock, parsePylock, parsePoetryLock, parsePdmLock])('finds nothing in an empty document', parse => {
    expect(parse('')).toEqual([])
    expect(parse('package = "x"\npackages = [1, {}]\n')).toEqual([])
    expect(() => parse('[[package')).toThrow()
  })

  it('finds nothing in an empty Pipfile.lock', () => {
    expect(parsePipfileLock('{"default": {"__proto__": {"version": 1}, "x": {"path": "."}}}')).toEqual([])
    expect(() => parsePipfileLock('')).toThrow()
  })

  it('leaves out entries without a name', () => {
    const nameless = '[[package]]\nname = " "\nversion = "1"\n'

    expect(parsePipfileLock('{"default":{"":{"version":"==1"}," ":{"version":"==1"}}}')).toEqual([])
    expect(parsePoetryLock(nameless)).toEqual([])
  })
})

function fixture(name: string): string {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
}

function textsOf(packages: readonly DeclaredPackage[]): readonly string[] {
  return packages.map(({ name, version }) => `${name} ${version}`).sort()
}

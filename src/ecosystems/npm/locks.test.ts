import { describe, expect, it } from 'vitest'
import { parseBunLock } from './bun-lock.ts'
import type { LockFile } from './locked-package.ts'
import { keyLines, versionFromArchive } from './locked-package.ts'
import { parsePackageLock } from './package-lock.ts'
import { parsePnpmLock } from './pnpm-lock.ts'
import { parseYarnLock } from './yarn-lock.ts'

function names({ packages }: LockFile): readonly string[] {
  return packages.map(({ name, version }) => `${name} ${version}`)
}

describe('ecosystems/npm/package-lock', () => {
  it('reads the references of version 1', () => {
    const lock = parsePackageLock(`{
      "lockfileVersion": 1,
      "dependencies": {
        "alias": { "version": "npm:@scope/real@1.2.3", "dev": true },
        "folder": { "version": "file:../folder", "dependencies": { "inner": { "version": "2.0.0" } } },
        "packed": { "version": "file:packed-3.1.0.tgz" },
        "fetched": { "version": "https://example.com/fetched-4.0.0-rc.1.tar.gz" },
        "cloned": { "version": "git+ssh://git@example.com/cloned.git#0123abc" },
        "broken": "1.0.0",
        "requires": { "version": "5.0.0" }
      }
    }`)

    expect(names(lock)).toEqual([
      '@scope/real 1.2.3',
      'inner 2.0.0',
      'packed 3.1.0',
      'fetched 4.0.0-rc.1',
      'cloned git+ssh://git@example.com/cloned.git#0123abc',
      'requires 5.0.0',
    ])
    expect(lock.packages[0]?.dev).toBe(true)
  })

  it('reads the kinds of entries of versions 2 and 3', () => {
    const lock = parsePackageLock(
      JSON.stringify({
        lockfileVersion: 3,
        packages: {
          '': { name: 'app', version: '1.0.0' },
          'packages/a': { name: 'a', version: '1.0.0' },
          'node_modules/a': { resolved: 'packages/a', link: true },
          'packages/a/node_modules/b': { version: '1.0.0', license: 'MIT' },
          'node_modules/alias': { name: '@s/real', version: '2.0.0', devOptional: true },
          'node_modules/@s/c': { version: '3.0.0', resolved: 'git+ssh://git@example.com/c.git#0123abc', dev: true },
          'node_modules/b/node_modules/d': { resolved: 'https://example.com/d-4.0.0.tgz', peer: true },
          'node_modules/nothing': {},
        },
      }),
    )

    expect(names(lock)).toEqual(['b 1.0.0', '@s/real 2.0.0', '@s/c 3.0.0', 'd 4.0.0'])
    expect(lock.packages.map(({ dev }) => dev)).toEqual([false, false, true, false])
    expect(lock.packages[0]?.licenses).toEqual(['MIT'])
  })

  it('keeps what it can of a version that it does not know', () => {
    const lock = parsePackageLock('{"lockfileVersion":4,"packages":{"node_modules/a":{"version":"1.0.0"}}}')

    expect(names(lock)).toEqual(['a 1.0.0'])
    expect(lock.problems).toMatchObject([{ code: 'unsupported' }])
  })

  it.each(['', '[]', '{"packages":', '<<<<<<< HEAD\n{}'])('throws on %j', text => {
    expect(() => parsePackageLock(text)).toThrow()
  })

  it('takes names that are members of every object as they are', () => {
    const lock = parsePackageLock(
      '{"dependencies":{"__proto__":{"version":"1.0.0"},"constructor":{"version":"2.0.0"}}}',
    )

    expect(names(lock)).toEqual(['__proto__ 1.0.0', 'constructor 2.0.0'])
    expect(({} as { version?: string }).version).toBeUndefined()
  })
})

describe('ecosystems/npm/yarn-lock', () => {
  it('reads the patterns of version 1', () => {
    const lock = parseYarnLock(
      [
        '# yarn lockfile v1',
        '"@s/a@^1.0.0", "@s/a@~1.2.0":',
        '  version "1.2.3"',
        '  dependencies:',
        '    version "^9.0.0"',
        'alias@npm:real@^2.0.0, alias@npm:real@2:',
        '  version "2.0.0"',
        '"scoped@npm:@s/real@^3.0.0":',
        '  version "3.0.0"',
        'same@npm:^4.0.0:',
        '  version "4.0.0"',
        'linked@link:../linked:',
        '  version "0.0.0"',
        '"cloned@git+ssh://git@example.com/cloned.git":',
        '  version "5.0.0"',
        '',
      ].join('\r\n'),
    )

    expect(names(lock)).toEqual(['@s/a 1.2.3', 'real 2.0.0', '@s/real 3.0.0', 'same 4.0.0', 'cloned 5.0.0'])
    expect(lock.packages.map(({ line }) => line)).toEqual([2, 6, 8, 10, 14])
    expect(lock.problems).toEqual([])
  })

  it('tells of what is damaged', () => {
    const lock = parseYarnLock('<<<<<<< HEAD\na@1:\n  resolved "x"\nb@1:\n  version "1.0.0"\nc@1:')

    expect(names(lock)).toEqual(['b 1.0.0'])
    expect(lock.problems.map(({ line }) => line)).toEqual([1, 2, 6])
  })

  it('reads patches, aliases and local code of later versions', () => {
    const lock = parseYarnLock(`__metadata:
  version: 8

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  linkType: soft

"alias@npm:@s/real@^1.0.0":
  version: 1.0.0
  resolution: "@s/real@npm:1.0.0"
  linkType: hard

"typescript@patch:typescript@npm%3A^5.0.0#optional!builtin<compat/typescript>":
  version: 5.0.4
  resolution: "typescript@patch:typescript@npm%3A5.0.4#optional!builtin<compat/typescript>::version=5.0.4&hash=b5f058"
  linkType: hard

"cloned@https://example.com/cloned.git":
  version: 2.0.0
  resolution: "cloned@https://example.com/cloned.git#commit=0123abc"
  linkType: hard

"broken@npm:1":
  linkType: hard

"cut@npm:1":
  version: 1.0.0
  resolution:
`)

    expect(names(lock)).toEqual(['@s/real 1.0.0', 'typescript 5.0.4', 'cloned 2.0.0'])
    expect(lock.packages.map(({ line }) => line)).toEqual([9, 14, 19])
    expect(lock.problems).toMatchObject([
      { code: 'unreadable', line: 24 },
      { code: 'unreadable', line: 27 },
    ])
  })
})

describe('ecosystems/npm/pnpm-lock', () => {
  it('reads the keys of version 5', () => {
    const lock = parsePnpmLock(`lockfileVersion: 5.3
packages:
  /a/1.0.0:
    dev: true
  /@s/b/2.0.0_react@17.0.2+x@1.0.0:
    dev: false
  registry.example.com/c/3.0.0:
    dev: false
  github.com/example/d/0123abc:
    name: d
    version: 4.0.0
  file:../own:
    resolution: {directory: ../own, type: directory}
    name: own
    version: 1.0.0
`)

    expect(names(lock)).toEqual(['a 1.0.0', '@s/b 2.0.0', 'c 3.0.0', 'd 4.0.0'])
    expect(lock.packages.map(({ dev, line }) => [dev, line])).toEqual([
      [true, 3],
      [false, 5],
      [false, 7],
      [false, 9],
    ])
  })

  it('reads the keys of versions 6 and 9', () => {
    const six = parsePnpmLock(`lockfileVersion: '6.0'
packages:
  /@s/b@2.0.0(react@17.0.2)(x@1.0.0):
    dev: true
  registry.example.com/@s/c@3.0.0:
    dev: false
`)
    const nine = parsePnpmLock(`lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      alias: {specifier: 'npm:@s/b@2', version: '@s/b@2.0.0(x@1.0.0)'}
      own: {specifier: 'workspace:*', version: 'link:own'}
packages:
  '@s/b@2.0.0': {}
  cloned@https://codeload.github.com/example/cloned/tar.gz/0123abc:
    version: 4.0.0
  x@1.0.0: {}
  y@1.0.0: {}
snapshots:
  '@s/b@2.0.0(x@1.0.0)':
    dependencies:
      x: 1.0.0
  x@1.0.0:
    optionalDependencies:
      cloned: https://codeload.github.com/example/cloned/tar.gz/0123abc
  y@1.0.0: {}
`)

    expect(names(six)).toEqual(['@s/b 2.0.0', '@s/c 3.0.0'])
    expect(names(nine)).toEqual(['@s/b 2.0.0', 'cloned 4.0.0', 'x 1.0.0', 'y 1.0.0'])
    expect(nine.packages.map(({ dev }) => dev)).toEqual([false, false, false, true])
  })

  it('calls a table of packages that is none a problem, not an empty lock', () => {
    const { packages, problems } = parsePnpmLock("lockfileVersion: '9.0'\npackages: [a]\n")

    expect(packages).toEqual([])
    expect(problems).toMatchObject([{ code: 'unreadable' }])
  })

  it('tells of a version that it does not know', () => {
    const { packages, problems } = parsePnpmLock('shrinkwrapVersion: 3\npackages:\n  /a/1.0.0: {}\n')

    expect(packages).toEqual([])
    expect(problems).toMatchObject([{ code: 'unsupported' }])
  })
})

describe('ecosystems/npm/bun-lock', () => {
  it('leaves out own code and follows nested packages', () => {
    const lock = parseBunLock(`{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "app", "dependencies": { "a": "1" }, "devDependencies": { "b": "1" } },
  },
  "packages": {
    "a": ["a@1.0.0", "", { "dependencies": { "@s/c": "1" } }, "sha512-x"],
    "b": ["b@1.0.0", "", { "dependencies": { "@s/c": "2" } }, "sha512-x"],
    "@s/c": ["@s/c@2.0.0", "", {}, "sha512-x"],
    "a/@s/c": ["@s/c@1.0.0", "", { "dependencies": { "d": "1" } }, "sha512-x"],
    "d": ["d@github:example/d#0123abc", {}, "example-d-0123abc"],
    "own": ["own@workspace:packages/own"],
    "folder": ["folder@file:../folder", {}],
  },
}`)

    expect(names(lock)).toEqual(['a 1.0.0', 'b 1.0.0', '@s/c 2.0.0', '@s/c 1.0.0', 'd github:example/d#0123abc'])
    expect(lock.packages.map(({ dev }) => dev)).toEqual([false, true, true, false, false])
    expect(lock.packages.map(({ line }) => line)).toEqual([7, 8, 9, 10, 11])
  })
})

describe('ecosystems/npm/locked-package', () => {
  it.each([
    ['a', 'https://example.com/a-1.2.3.tgz', '1.2.3'],
    ['@s/a', 'file:vendor/a-1.2.3-rc.1.tar.gz?x#y', '1.2.3-rc.1'],
    ['a', 'https://example.com/b-1.2.3.tgz', undefined],
    ['a', 'https://example.com/a-latest.tgz', undefined],
    ['a', 'https://example.com/a-1.2.3.zip', undefined],
  ])('finds the version of %s in %s', (name, reference, version) => {
    expect(versionFromArchive(name, reference)).toBe(version)
  })

  it('finds the lines of keys', () => {
    const lines = keyLines('"a": {\n  b:\n    "a": {\n  \'c d\':\n  e: 1\n', 2)

    expect([...lines]).toEqual([
      ['b', [2]],
      ['c d', [4]],
    ])
  })
})

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catalogFiles, filesIn } from '#test/ecosystems/catalog-files.ts'
import { writeZip } from '#test/ecosystems/zip-writer.ts'
import { itWith } from '#test/support/skips.ts'
import { pypi } from './index.ts'
import { normalizeName } from './name.ts'

const hasPip = spawnSync('python3', ['-m', 'venv', '--help']).status === 0

const flask = `Metadata-Version: 2.1
Name: Flask
Version: 1.0
License: BSD
Classifier: License :: OSI Approved :: BSD License

Name: not-a-header
`

describe('ecosystems/pypi/catalog', () => {
  it('reads every form of installed metadata', async () => {
    const { packages, problems } = await catalogFiles(pypi, {
      'srv/venv/lib/python3.11/site-packages/Flask-1.0.dist-info/METADATA': flask,
      'usr/lib/python3/dist-packages/six-1.16.0.egg-info': 'Metadata-Version: 1.2\nName: six\nVersion: 1.16.0\n',
      'usr/lib/python3/dist-packages/Zope.Interface-6.1.egg-info/PKG-INFO': 'Name: Zope.Interface\nVersion: 6.1\n',
      'usr/lib/python3/dist-packages/a_b-1-py3.9.egg/EGG-INFO/PKG-INFO': 'Name: a_b\nVersion: 1\n',
      'opt/eggs/zipped-2.0-py3.9.egg': writeZip([
        { name: 'zipped.py', content: 'pass' },
        { name: 'EGG-INFO/PKG-INFO', content: 'Name: zipped\nVersion: 2.0\n', deflate: true },
      ]),
      'var/task/certifi-2022.5.18.dist-info/METADATA': 'Name: certifi\nVersion: 2022.5.18\n',
    })

    expect(problems).toEqual([])
    expect(packages.map(pkg => pkg.purl).sort()).toEqual([
      'pkg:pypi/a-b@1',
      'pkg:pypi/certifi@2022.5.18',
      'pkg:pypi/flask@1.0',
      'pkg:pypi/six@1.16.0',
      'pkg:pypi/zipped@2.0',
      'pkg:pypi/zope-interface@6.1',
    ])
    expect(packages.find(pkg => pkg.name === 'flask')).toEqual({
      purl: 'pkg:pypi/flask@1.0',
      type: 'pypi',
      name: 'flask',
      version: '1.0',
      licenses: ['BSD'],
      state: 'installed',
      locations: [{ path: 'srv/venv/lib/python3.11/site-packages/Flask-1.0.dist-info/METADATA' }],
    })
  })

  it('lists no vendored copy and no leftover, as pip does not', async () => {
    const metadata = 'Name: wheel\nVersion: 0.43.0\n'

    const { wanted } = await catalogFiles(pypi, {
      'v/lib/python3.11/site-packages/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA': metadata,
      'v/lib/python3.11/site-packages/other/bundled/wheel-0.43.0.dist-info/METADATA': metadata,
      'app/lib/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA': metadata,
      'v/lib/python3.11/site-packages/~heel-0.43.0.dist-info/METADATA': metadata,
      'lib/python3.11/test/test_importlib/data/example-21.12-py3.6.egg': '',
    })

    expect(wanted).toEqual([])
  })

  it('keeps both of two versions in one directory, since either may be the code', async () => {
    const { packages } = await catalogFiles(pypi, {
      'app/idna-2.7.dist-info/METADATA': 'Name: idna\nVersion: 2.7\n',
      'app/idna-3.0.dist-info/METADATA': 'Name: idna\nVersion: 3.0\n',
    })

    expect(packages.map(pkg => pkg.version)).toEqual(['2.7', '3.0'])
  })

  it('tells of an egg that is damaged and passes over what is none', async () => {
    const egg = writeZip([{ name: 'EGG-INFO/PKG-INFO', content: 'Name: x\nVersion: 1\n' }])

    const { packages, problems } = await catalogFiles(pypi, {
      'app/broken-1.egg': egg.subarray(0, 50),
      'app/chicken.egg': 'not an archive',
    })

    expect(packages).toEqual([])
    expect(problems).toEqual([
      { path: 'app/broken-1.egg', code: 'truncated', detail: 'the archive has no zip directory at its end' },
    ])
  })

  it('uses the label where metadata is empty', async () => {
    const { packages, problems } = await catalogFiles(pypi, {
      'app/idna-2.7.dist-info/METADATA': '',
      'app/toml-1.0.dist-info/METADATA': 'Name:\n \n \nVersion:\n \n',
      'app/nameless.egg-info/PKG-INFO': '\u0000\u0001',
      'app/chicken.egg': 'not an archive',
    })

    expect(packages.map(pkg => pkg.purl)).toEqual(['pkg:pypi/idna@2.7', 'pkg:pypi/toml@1.0'])
    expect(problems).toEqual([
      {
        code: 'unreadable',
        detail: 'the metadata has no name or no version',
        path: 'app/nameless.egg-info/PKG-INFO',
      },
    ])
  })

  it('wants lock files in a directory only', () => {
    const file = { path: 'app/poetry.lock', size: 1, mode: 0o644 }

    expect(pypi.wants(file, 'installed')).toBe(false)
    expect(pypi.wants(file, 'directory')).toBe(true)
    for (const path of ['requirements.txt', 'requirements-dev.txt', 'requirements/base.txt', 'x/pylock.dev.toml'])
      expect(pypi.wants({ ...file, path }, 'directory')).toBe(true)
    for (const path of ['notes.txt', 'METADATA', 'x/PKG-INFO', 'pylock.md', 'app/requirements'])
      expect(pypi.wants({ ...file, path }, 'directory')).toBe(false)
  })

  it('declares what a lock names, with its line', async () => {
    const { packages } = await catalogFiles(
      pypi,
      { 'requirements-test.txt': '# tests\nPyTest==7.4.0 ; python_version > "3"\n' },
      'directory',
    )

    expect(packages).toEqual([
      {
        purl: 'pkg:pypi/pytest@7.4.0',
        type: 'pypi',
        name: 'pytest',
        version: '7.4.0',
        licenses: [],
        state: 'declared',
        dev: true,
        locations: [{ path: 'requirements-test.txt', line: 2 }],
      },
    ])
  })

  it('never fails on installed metadata of any content', async () => {
    const cataloger = await pypi.load()

    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        const file = { path: 'a/b-1.dist-info/METADATA', size: bytes.length, mode: 0o644 }
        const read = (offset: number, length: number) => bytes.subarray(offset, offset + length)
        const inflateRaw = () => new Uint8Array(0)
        const facts = cataloger.read({ ...file, bytes: () => bytes, read, inflateRaw }, { mayProve: () => true })
        expect(facts).toBeDefined()
      }),
    )
  })

  itWith('python3 with venv', hasPip)('lists what pip lists', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'venv-'))
    try {
      execFileSync('python3', ['-m', 'venv', folder])
      const listed: { name: string; version: string }[] = JSON.parse(
        execFileSync(join(folder, 'bin/python'), ['-m', 'pip', 'list', '--format=json'], { encoding: 'utf8' }),
      )

      const { packages } = await catalogFiles(pypi, filesIn(folder, pypi))

      const expected = listed.map(({ name, version }) => `${normalizeName(name)} ${version}`)
      expect(packages.map(pkg => `${pkg.name} ${pkg.version}`).sort()).toEqual(expected.sort())
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

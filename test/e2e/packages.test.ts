import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { CorpusName } from '#test/support/corpus.ts'
import { hasCorpus } from '#test/support/corpus.ts'
import { lines } from '#test/support/run.ts'
import { sharedPath } from '#test/support/shared.ts'
import { describeWith } from '#test/support/skips.ts'
import { copyOut, inImage, inventoryOf, ofType } from './corpus.ts'

/** Expected lists come from each image's own tools, run at test time. */
describeWith('the corpus of ../shared', hasCorpus())('packages of the corpus', () => {
  const debian: readonly CorpusName[] = [
    'debian12',
    'debian12-updated',
    'node-shop',
    'node-shop-fixed',
    'py-api',
    'java-ledger',
  ]

  it.each(debian)('%s: equal dpkg-query', async name => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    const format = '${db:Status-Status} ${Package} ${Version} ${Architecture}\n'
    const native = (await inImage(name, ['dpkg-query', '-W', '-f', format])).split('\n')
    const expected = native.filter(line => line.startsWith('installed ')).map(line => line.slice('installed '.length))

    const { report } = await inventoryOf(name)

    const found = ofType(report, 'deb').map(({ name: title, version, arch }) => `${title} ${version} ${arch}`)
    expect(expected.length).toBeGreaterThan(50)
    expect(found.sort()).toEqual(expected.sort())
  })

  it('alpine-3.11: equal the apk database', async () => {
    const text = readFileSync(join(sharedPath('rootfs-metadata', 'alpine-3.11')!, 'lib/apk/db/installed'), 'utf8')
    const expected = text.split('\n\n').flatMap(record => {
      const field = (key: string) =>
        record
          .split('\n')
          .find(line => line.startsWith(`${key}:`))
          ?.slice(2)
      return field('P') === undefined ? [] : [`${field('P')} ${field('V')} ${field('A')}`]
    })

    const { report } = await inventoryOf('alpine-3.11')

    expect(
      ofType(report, 'apk')
        .map(found => `${found.name} ${found.version} ${found.arch}`)
        .sort(),
    ).toEqual(expected.sort())
  })

  it.each(['node-shop', 'node-shop-fixed'] as const)('%s: equal npm ls --all', async name => {
    const folder = await copyOut(name, '/srv/app')
    const paths = await lines('npm', ['ls', '--all', '--parseable', '--long'], { cwd: join(folder, 'app') })
    rmSync(folder, { recursive: true, force: true })
    const expected = paths.slice(1).map(line => {
      const [path, id] = line.split(':')
      return `srv/app${path!.slice(path!.lastIndexOf('/app') + 4)} ${id}`
    })

    const { report } = await inventoryOf(name)

    const found = ofType(report, 'npm').flatMap(({ name: title, version, locations }) =>
      locations.map(({ path }) => `${path.replace(/\/package\.json$/, '')} ${title}@${version}`),
    )
    expect(expected.length).toBeGreaterThan(10)
    expect(found.sort()).toEqual(expected.map(line => line.replace(/^srv\/app.*\/app\//, 'srv/app/')).sort())
  })

  it('py-api: equal pip list', async () => {
    const folder = await copyOut('py-api', '/srv/venv/lib')
    const [python] = await lines('ls', [join(folder, 'lib')])
    const site = join(folder, 'lib', python!, 'site-packages')
    const listed = await lines('python3', [
      '-m',
      'pip',
      'list',
      '--path',
      site,
      '--format',
      'freeze',
      '--disable-pip-version-check',
    ])
    rmSync(folder, { recursive: true, force: true })

    const { report } = await inventoryOf('py-api')

    const found = ofType(report, 'pypi').filter(({ locations }) => locations[0]!.path.startsWith('srv/venv/'))
    const normal = (line: string) => line.toLowerCase().replace(/[-_.]+(?=.*==)/g, '-')
    expect(listed.length).toBeGreaterThan(8)
    expect(found.map(({ name, version }) => `${name}==${version}`).sort()).toEqual(listed.map(normal).sort())
  })

  it('go-static: equal go version -m', async () => {
    const folder = await copyOut('go-static', '/server')
    const listed = await lines('go', ['version', '-m', join(folder, 'server')])
    rmSync(folder, { recursive: true, force: true })
    const expected = listed.flatMap(line => {
      const [, kind, path, version] = line.split('\t')
      return kind === 'dep' || kind === 'mod' ? [`${path} ${version}`] : []
    })
    const toolchain = /: go(\S+)/.exec(listed[0]!)![1]!

    const { report } = await inventoryOf('go-static')

    const found = ofType(report, 'golang').map(({ name, version }) => `${name} ${version}`)
    expect(found.sort()).toEqual([...expected, `stdlib ${toolchain}`].sort())
  })

  it('java-ledger: equal the jars that Maven put there', async () => {
    const folder = await copyOut('java-ledger', '/srv/ledger.war')
    const jars = (await lines('python3', ['-m', 'zipfile', '-l', join(folder, 'ledger.war')]))
      .map(line => /^WEB-INF\/lib\/(\S+)\.jar/.exec(line)?.[1])
      .filter(name => name !== undefined)
    rmSync(folder, { recursive: true, force: true })

    const { report } = await inventoryOf('java-ledger')

    const maven = ofType(report, 'maven')
    const found = maven.map(({ name, version }) => `${name.slice(name.lastIndexOf(':') + 1)}-${version}`)
    expect(jars.length).toBeGreaterThan(15)
    expect(found.sort()).toEqual([...jars, 'ledger-2.3.0'].sort())
    expect(maven.filter(({ name }) => !name.includes(':'))).toEqual([])
  })

  it('tells the base image from what the build added', async () => {
    const { report } = await inventoryOf('node-shop')
    const baseNames = new Set(ofType((await inventoryOf('debian12')).report, 'deb').map(({ name }) => name))

    for (const found of ofType(report, 'deb')) expect(found.introduced!.base).toBe(baseNames.has(found.name))
    const nginx = report.packages.find(({ name }) => name === 'nginx-light')!
    expect(nginx.introduced).toMatchObject({ layer: 1, base: false })
    expect(nginx.introduced!.step).toContain('apt-get install')
    for (const found of ofType(report, 'npm')) expect(found.introduced).toMatchObject({ layer: 2, base: false })
  })
})

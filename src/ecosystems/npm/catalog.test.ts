import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileInfo, ReadContext, Tree } from '#ecosystems/types.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { cataloger } from './catalog.ts'
import { npm } from './index.ts'

const context: ReadContext = { mayProve: () => true }

function catalog(files: Readonly<Record<string, string>>) {
  const read = Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({ path, file: cataloger.read(fileHandle(path, text), context) }))
  const entries = read.flatMap(({ path, file }) => (file === undefined ? [] : [{ path, facts: file.facts }]))
  const tree: Tree = { mode: 'directory', distro: undefined, files: entries, at: () => undefined }
  const { packages, problems } = cataloger.assemble(tree)
  return { packages, problems: [...problems, ...read.flatMap(({ file }) => file?.problems ?? [])] }
}

function fixture(path: string): string {
  return readFileSync(join(import.meta.dirname, 'fixtures', path), 'utf8')
}

function lines(path: string): string[] {
  return fixture(path).trim().split('\n')
}

/** Packages for other platforms, which `bun pm ls` leaves out although they are locked. */
const unlisted: Readonly<Record<string, readonly string[]>> = { 'bun-v2': ['fsevents@2.3.3'] }

const projects = [
  ['npm-v1', 'package-lock.json'],
  ['npm-v2', 'package-lock.json'],
  ['npm-v3', 'package-lock.json'],
  ['yarn-v1', 'yarn.lock'],
  ['yarn-v4', 'yarn.lock'],
  ['pnpm-v5.4', 'pnpm-lock.yaml'],
  ['pnpm-v6', 'pnpm-lock.yaml'],
  ['pnpm-v9', 'pnpm-lock.yaml'],
  ['bun-v2', 'bun.lock'],
] as const

describe('ecosystems/npm/catalog', () => {
  it.each(projects)('lists from %s what the tool itself lists', (folder, name) => {
    const { packages, problems } = catalog({ [name]: fixture(`${folder}/${name}`) })

    const found = packages.map(entry => `${entry.name}@${entry.version}`).sort()
    expect(found).toEqual([...lines(`${folder}/expected.txt`), ...(unlisted[folder] ?? [])].sort())
    expect(problems).toEqual([])
    expect(packages.every(entry => entry.state === 'declared')).toBe(true)
  })

  it('keeps packages apart that differ by capitals, though purls do not', () => {
    const { packages } = catalog({
      'node_modules/JSONStream/package.json': '{"name":"JSONStream","version":"1.0.0"}',
      'node_modules/jsonstream/package.json': '{"name":"jsonstream","version":"1.0.0"}',
    })

    expect(packages.map(({ name, purl }) => [name, purl])).toEqual([
      ['JSONStream', 'pkg:npm/jsonstream@1.0.0'],
      ['jsonstream', 'pkg:npm/jsonstream@1.0.0'],
    ])
  })

  it.each(projects.filter(([folder]) => /npm/.test(folder)))('knows what is for development in %s', (folder, name) => {
    const { packages } = catalog({ [name]: fixture(`${folder}/${name}`) })

    const needed = packages.filter(entry => entry.dev !== true).map(entry => `${entry.name}@${entry.version}`)
    expect(needed.sort()).toEqual(lines(`${folder}/expected-production.txt`).sort())
  })

  it('knows what is for development in bun-v2 as npm does in the same project', () => {
    const { packages } = catalog({ 'bun.lock': fixture('bun-v2/bun.lock') })

    const development = packages.filter(entry => entry.dev === true).map(entry => `${entry.name}@${entry.version}`)
    expect(development.sort()).toEqual(['chalk@3.0.0', 'has-flag@4.0.0', 'mkdirp@0.5.5', 'supports-color@7.2.0'])
  })

  it.each(projects)('points at the lines of %s', (folder, name) => {
    const text = fixture(`${folder}/${name}`)

    const { packages } = catalog({ [name]: text })

    const rows = text.split('\n')
    const located = packages.flatMap(entry => entry.locations.map(location => ({ entry, location })))
    expect(located.every(({ location }) => location.line !== undefined)).toBe(true)
    const strangers = located.filter(({ entry, location }) => {
      const row = rows[location.line! - 1]!
      return !row.includes(entry.name) && !/chalk3|old-minimist/.test(row)
    })
    expect(strangers).toEqual([])
  })

  it('joins what is installed with what is locked', () => {
    const { packages } = catalog({
      'web/package-lock.json': fixture('npm-v3/package-lock.json'),
      'web/node_modules/chalk/package.json': '{"name":"chalk","version":"2.4.2","license":"MIT"}',
      'web/node_modules/mkdirp/package.json': '{"name":"mkdirp","version":"0.5.5","license":{"type":"MIT"}}',
      'other/node_modules/chalk3/package.json': '{"name":"chalk","version":"3.0.0"}',
    })

    const chalk = packages.find(entry => entry.purl === 'pkg:npm/chalk@2.4.2')
    expect(chalk).toMatchObject({ state: 'installed', licenses: ['MIT'] })
    expect(chalk?.locations.map(({ path }) => path)).toEqual([
      'web/node_modules/chalk/package.json',
      'web/package-lock.json',
    ])
    expect(packages.find(entry => entry.name === 'mkdirp')?.dev).toBe(true)
    expect(packages.find(entry => entry.purl === 'pkg:npm/chalk@3.0.0')?.dev).toBeUndefined()
  })

  it("lists from Plug'n'Play what Yarn locked, as installed", () => {
    const { packages, problems } = catalog({ 'app/.pnp.cjs': fixture('yarn-v4-pnp/.pnp.cjs') })

    const found = packages.map(entry => `${entry.name}@${entry.version}`).sort()
    expect(found).toEqual(lines('yarn-v4/expected.txt').sort())
    expect(packages.every(entry => entry.state === 'installed')).toBe(true)
    expect(problems).toEqual([])
  })

  it("tells of Plug'n'Play tables that it does not know", () => {
    const { packages, problems } = catalog({
      'a/.pnp.cjs': 'hydrateRuntimeState({})',
      'b/.pnp.cjs': "require('./.pnp.data.json')",
      'b/.pnp.data.json': '{"packageRegistryData":[["x",[["npm:1.0.0",{"linkType":"HARD"}],["link:y",{}]]]]}',
    })

    expect(packages.map(({ purl }) => purl)).toEqual(['pkg:npm/x@1.0.0'])
    expect(problems).toMatchObject([{ code: 'unsupported' }])
  })

  it('reads manifests in all their spellings', () => {
    const { packages } = catalog({
      'node_modules/@Scope/Name/package.json': '{"name":"@Scope/Name","version":" v1.0.0","license":"(MIT OR X)"}',
      'node_modules/alias/package.json': '{"name":"real","version":"2.0.0","licenses":[{"type":"MIT"},"BSD"]}',
      'node_modules/nameless/package.json': '{"version":"3.0.0","license":["A","A"]}',
      'node_modules/marker/package.json': '{"type":"commonjs"}',
      'node_modules/odd/package.json': '{"name":7,"version":["1"]}',
    })

    expect(packages.map(({ purl, name, licenses }) => [purl, name, licenses])).toEqual([
      ['pkg:npm/%40scope/name@1.0.0', '@Scope/Name', ['(MIT OR X)']],
      ['pkg:npm/real@2.0.0', 'real', ['MIT', 'BSD']],
      ['pkg:npm/nameless@3.0.0', 'nameless', ['A']],
    ])
  })

  it("tells of Bun's binary lock file only where no other stands beside it", () => {
    const { problems } = catalog({
      'a/bun.lockb': '\0',
      'b/bun.lockb': '\0',
      'b/package-lock.json': fixture('npm-v3/package-lock.json'),
    })

    expect(problems).toMatchObject([{ path: 'a/bun.lockb', code: 'unsupported' }])
  })

  it('never throws in assemble, whatever the files say', () => {
    const texts = fc.oneof(fc.string(), fc.json(), fc.constantFrom('', '{}', '[]', 'a:\n', '"a@1":\n  version "1"\n'))
    const names = fc.constantFrom(...lockNames, '.pnp.cjs', 'node_modules/a/package.json')
    const property = fc.property(names, texts, (path, text) => {
      const file = readOrError(path, text)
      if (file instanceof Error) return
      const files = file === undefined ? [] : [{ path, facts: JSON.parse(JSON.stringify(file.facts)) }]
      cataloger.assemble({ mode: 'directory', distro: undefined, files, at: () => undefined })
    })

    fc.assert(property, { numRuns: 1000 })
  })
})

const lockNames = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock']

/** Readers may throw `Error`: the engine makes it a problem. Anything else fails the test. */
function readOrError(path: string, text: string) {
  try {
    return cataloger.read(fileHandle(path, text), context)
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

describe('ecosystems/npm/index', () => {
  const info = (path: string): FileInfo => ({ path, size: 1, mode: 0o644 })

  it.each([
    'node_modules/a/package.json',
    'srv/app/node_modules/a/package.json',
    'srv/app/node_modules/@s/a/package.json',
    'node_modules/a/node_modules/@s/b/node_modules/c/package.json',
    'usr/lib/node_modules/npm/node_modules/semver/package.json',
    'usr/local/lib/node_modules/npm/package.json',
    'node_modules/.pnpm/x@1.0.0/node_modules/x/package.json',
    'node_modules/.pnpm/@s+x@1.0.0/node_modules/@s/x/package.json',
    'node_modules/.pnpm/x@1.0.0/node_modules/x/node_modules/bundled/package.json',
    'node_modules/.store/x-npm-1.0.0-0123456789/package/package.json',
    'node_modules/.bun/x@1.0.0/node_modules/x/package.json',
    'usr/share/nodejs/abbrev/package.json',
    'usr/share/nodejs/@babel/core/package.json',
    'usr/share/nodejs/x/node_modules/y/package.json',
    'usr/lib/nodejs/x/package.json',
    'usr/lib/x86_64-linux-gnu/nodejs/x/package.json',
    'srv/app/.pnp.cjs',
    '.pnp.data.json',
  ])('wants %s everywhere', path => {
    expect([npm.wants(info(path), 'installed'), npm.wants(info(path), 'directory')]).toEqual([true, true])
  })

  it.each([
    'package.json',
    'srv/app/package.json',
    'node_modules/package.json',
    'node_modules/@s/package.json',
    'node_modules//package.json',
    'node_modules/a/test/package.json',
    'node_modules/a/dist/cjs/package.json',
    'node_modules/@s/a/esm/package.json',
    'node_modules/a/test/fixture/node_modules/b/package.json',
    'node_modules/.a-Xy1/package.json',
    'node_modules/@s/.a-Xy1/package.json',
    'node_modules/.cache/x/package.json',
    'node_modules/a/package.json.bak',
    'my_node_modules/a/package.json',
    'usr/share/nodejs/a/lib/package.json',
    'opt/usr/share/nodejs/a/package.json',
    'usr/lib/x/y/nodejs/a/package.json',
    'node_modules/a/package-lock.json',
    'node_modules/a/yarn.lock',
    'my-yarn.lock',
    'node_modules/a/.pnp.cjs',
  ])('does not want %s', path => {
    expect([npm.wants(info(path), 'installed'), npm.wants(info(path), 'directory')]).toEqual([false, false])
  })

  it.each(lockNames.concat('bun.lockb'))('wants %s in directories only', name => {
    const answers = [name, `web/${name}`].flatMap(path => [
      npm.wants(info(path), 'installed'),
      npm.wants(info(path), 'directory'),
    ])

    expect(answers).toEqual([false, true, false, true])
  })
})

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReadContext, TreeFile } from '#ecosystems/types.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { itWith } from '#test/support/skips.ts'
import { cataloger } from './catalog.ts'
import { golang } from './index.ts'
import { parseProgramModules } from './modules.ts'
import { libraryVersion } from './toolchain.ts'

const context: ReadContext = { mayProve: () => true }
const fixtures = join(import.meta.dirname, 'fixtures')
const programs = readdirSync(fixtures)
  .filter(name => name.endsWith('.json'))
  .map(name => name.slice(0, -'.json'.length))

const hasGo = spawnSync('go', ['version']).status === 0

const folder = mkdtempSync(join(tmpdir(), 'golang-catalog-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A program of the fixtures, with zeros where it was trimmed. */
function program(name: string): Uint8Array {
  const { size, parts } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'))
  const bytes = new Uint8Array(size)
  for (const [offset, text] of parts) bytes.set(Buffer.from(text, 'base64'), offset)
  return bytes
}

function modulesOf(bytes: Uint8Array): readonly string[] | undefined {
  const file = cataloger.read(fileHandle('app', bytes, 0o755), context)
  if (file === undefined) return undefined
  return packagesOf([{ path: 'app', facts: file.facts }]).map(({ name, version }) => `${name} ${version}`)
}

function packagesOf(files: readonly TreeFile[]) {
  return cataloger.assemble({ mode: 'directory', distro: undefined, files, at: () => undefined }).packages
}

/** What `go version -m` prints, as the modules that it lists. */
function listed(output: string): readonly string[] {
  const [first, ...rest] = output.split('\n')
  const lines = rest.map(line => line.replace(/^\t/, '').replace(/\t$/, ''))
  const { main, dependencies } = parseProgramModules(lines.join('\n'))
  const goVersion = first!.slice(first!.indexOf(': ') + 2)
  const all = [{ path: 'stdlib', version: libraryVersion(goVersion) }, ...(main ? [main] : []), ...dependencies]
  return all.map(({ path, version }) => `${path} ${version}`)
}

function goVersion(bytes: Uint8Array): string {
  const path = join(folder, 'program')
  writeFileSync(path, bytes, { mode: 0o755 })
  const { status, stdout, stderr } = spawnSync('go', ['version', '-m', path], { encoding: 'utf8' })
  return status === 0 ? stdout : stderr
}

const app = ['example.com/app (devel)', 'example.com/local (devel)', 'golang.org/x/text v0.14.0']

/** Modules of the fixtures as ORIGIN.md shows that `go version -m` lists them. */
const expected = (name: string): readonly string[] =>
  name.startsWith('go1.17') ? ['stdlib 1.17', 'example.com/go117 (devel)'] : ['stdlib 1.26.8', ...app]

describe('ecosystems/golang/catalog', () => {
  it.each(programs)('lists the modules of %s', name => {
    const modules = modulesOf(program(name))

    expect(modules).toEqual(expected(name))
  })

  itWith('Go', hasGo).each(programs)('lists of %s what `go version -m` does', name => {
    const bytes = program(name)

    const modules = modulesOf(bytes)

    expect(modules).toEqual(listed(goVersion(bytes)))
  })

  itWith('Go', hasGo)('lists of a program built now what `go version -m` does', () => {
    writeFileSync(join(folder, 'go.mod'), 'module example.com/now\n')
    writeFileSync(join(folder, 'main.go'), 'package main\n\nfunc main() {}\n')
    execFileSync('go', ['build', '-o', 'now', '.'], { cwd: folder, env: { ...process.env, GOFLAGS: '-mod=mod' } })
    const bytes = readFileSync(join(folder, 'now'))

    const modules = modulesOf(bytes)

    expect(modules).toEqual(listed(goVersion(bytes)))
    expect(modules).toHaveLength(2)
  })

  it('reads the first program of a universal file', () => {
    const inner = program('app-darwin-arm64')
    const bytes = universal(inner)

    const modules = modulesOf(bytes)

    expect(modules).toEqual(expected('app-darwin-arm64'))
    if (hasGo) expect(modules).toEqual(listed(goVersion(bytes)))
  })

  it.each([4, 8])('reads pointers of %d bytes in either order', size => {
    const files = [true, false].map(little => pointerProgram(size, little))

    const modules = files.map(modulesOf)

    expect(modules).toEqual([
      ['stdlib 1.16.5', 'example.com/a v1.2.3'],
      ['stdlib 1.16.5', 'example.com/a v1.2.3'],
    ])
    if (hasGo) expect(files.map(bytes => listed(goVersion(bytes)))).toEqual(modules)
  })

  it.each([0x400, 0x3ff0, 0x4000, 0x5000, 0x10_0000, 0x10_4000, 0x20_4010])('finds it %d bytes into the data', at => {
    const bytes = movedProgram(at)

    const modules = modulesOf(bytes)

    expect(modules).toEqual(['stdlib 1.16.5', 'example.com/a v1.2.3'])
    if (hasGo) expect(listed(goVersion(bytes))).toEqual(modules)
  })

  it('knows the programs of the Go toolchain', () => {
    const mark = new Uint8Array(16)
    const bytes = pointerProgram(
      8,
      true,
      `${String.fromCharCode(...mark)}path\tcmd/go\n${String.fromCharCode(...mark)}`,
    )

    const modules = modulesOf(bytes)

    expect(modules).toEqual(['stdlib 1.16.5', 'toolchain 1.16.5'])
  })

  it.each([
    ['nothing', ''],
    ['a script', '#!/bin/sh\nexit 0\n'],
    ['four bytes of ELF', '\x7fELF'],
    ['a DOS stub', `MZ${'\0'.repeat(100)}`],
  ])('passes over %s', (_, text) => {
    expect(modulesOf(new TextEncoder().encode(text))).toBeUndefined()
  })

  it('passes over a Java class', () => {
    const bytes = Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0x3d, ...new Array(60).fill(1)])

    expect(modulesOf(bytes)).toBeUndefined()
  })

  it('never throws on cut or damaged programs', () => {
    const whole = programs.map(program)
    const damage = fc.array(fc.tuple(fc.nat({ max: 2047 }), fc.nat({ max: 255 })), { maxLength: 8 })
    const property = fc.property(fc.constantFrom(...whole), damage, fc.nat({ max: 4000 }), (bytes, changes, cut) => {
      const damaged = bytes.slice(0, cut > 2000 ? bytes.length : cut)
      for (const [offset, value] of changes) if (offset < damaged.length) damaged[offset] = value
      modulesOf(damaged)
    })

    fc.assert(property, { numRuns: 300 })
  })

  it('joins the places of one module version', () => {
    const file = cataloger.read(fileHandle('bin/app', program('app-linux-amd64'), 0o755), context)
    const manifest = cataloger.read(fileHandle('go.mod', 'require golang.org/x/text v0.14.0\n'), context)

    const packages = packagesOf([
      { path: 'go.mod', facts: manifest!.facts },
      { path: 'bin/app', facts: file!.facts },
    ])

    expect(packages.find(({ name }) => name === 'golang.org/x/text')).toEqual({
      purl: 'pkg:golang/golang.org/x/text@v0.14.0',
      type: 'golang',
      name: 'golang.org/x/text',
      version: 'v0.14.0',
      licenses: [],
      state: 'installed',
      locations: [{ path: 'bin/app' }, { path: 'go.mod', line: 1 }],
    })
  })
})

describe('ecosystems/golang/index', () => {
  it.each([
    ['usr/bin/app', 5000, 0o755, true],
    ['usr/bin/app', 5000, 0o001, true],
    ['usr/bin/app', 5000, 0o644, false],
    ['usr/bin/app', 4095, 0o755, false],
    ['usr/lib/plugin.so', 5000, 0o755, true],
    ['srv/app.exe', 5000, 0o644, true],
    ['srv/app.js', 5000, 0o777, false],
    ['srv/go.mod', 5000, 0o644, false],
  ])('answers for %s of %d bytes with mode %o: %s', (path, size, mode, answer) => {
    expect(golang.wants({ path, size, mode }, 'installed')).toBe(answer)
  })

  it.each([
    ['go.mod', true],
    ['tool/go.mod', true],
    ['vendor/example.com/a/go.mod', false],
    ['root/go/pkg/mod/example.com/a@v1.0.0/go.mod', false],
    ['src/testdata/go.mod', false],
    ['my-go.mod', false],
  ])('answers for %s in a directory: %s', (path, answer) => {
    expect(golang.wants({ path, size: 10, mode: 0o644 }, 'directory')).toBe(answer)
  })
})

/** https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/fat.h, with one architecture. */
function universal(inner: Uint8Array): Uint8Array {
  const offset = 4096
  const bytes = new Uint8Array(offset + inner.length)
  const header = new DataView(bytes.buffer)
  for (const [index, value] of [0xcafebabe, 1, 0x0100000c, 0, offset, inner.length, 12].entries())
    header.setUint32(index * 4, value)
  bytes.set(inner, offset)
  return bytes
}

/** The same program with its build information so many bytes into the data. */
function movedProgram(at: number): Uint8Array {
  const small = pointerProgram(8, true)
  const bytes = new Uint8Array(at + 64)
  bytes.set(small)
  bytes.fill(0, 0x100, 0x120)
  bytes.set(small.subarray(0x100, 0x120), at)
  const view = new DataView(bytes.buffer)
  for (const field of [96, 104]) view.setBigUint64(field, BigInt(bytes.length), true)
  return bytes
}

/** The smallest ELF file whose build information is pointers, as Go 1.13 to 1.17 wrote it. */
function pointerProgram(
  size: number,
  little: boolean,
  modules = framed('mod\texample.com/a\tv1.2.3\th1:x=\n'),
): Uint8Array {
  const isWide = size === 8
  const base = 0x10000
  const bytes = new Uint8Array(0x400)
  const view = new DataView(bytes.buffer)
  const word = (offset: number, value: number) =>
    isWide ? view.setBigUint64(offset, BigInt(value), little) : view.setUint32(offset, value, little)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, little ? 1 : 2, 1])
  view.setUint16(16, 2, little)
  view.setUint16(18, isWide ? 62 : 3, little)
  view.setUint32(20, 1, little)
  const table = isWide ? 64 : 52
  word(isWide ? 32 : 28, table)
  view.setUint16(isWide ? 54 : 42, isWide ? 56 : 32, little)
  view.setUint16(isWide ? 56 : 44, 1, little)
  view.setUint16(isWide ? 58 : 46, isWide ? 64 : 40, little)
  view.setUint32(table, 1, little)
  view.setUint32(table + (isWide ? 4 : 24), 6, little)
  word(table + (isWide ? 16 : 8), base)
  word(table + (isWide ? 32 : 16), bytes.length)
  word(table + (isWide ? 40 : 20), bytes.length)
  bytes.set([0xff, ...new TextEncoder().encode(' Go buildinf:'), size, little ? 0 : 1], 0x100)
  for (const [index, text] of ['go1.16.5', modules].entries()) {
    const encoded = new TextEncoder().encode(text)
    const [string, content] = [0x180 + index * 0x20, 0x200 + index * 0x40]
    word(0x110 + index * size, base + string)
    word(string, base + content)
    word(string + size, encoded.length)
    bytes.set(encoded, content)
  }
  return bytes
}

function framed(lines: string): string {
  const mark = '0123456789abcdef'
  return mark + lines + mark
}

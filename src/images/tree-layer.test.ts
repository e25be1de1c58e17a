import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageSources } from '#images/index.ts'
import { tarBytes } from '#test/images/tar-writer.ts'
import { lines, walkAll } from '#test/images/walk.ts'
import { open as openDir } from './dir.ts'
import { open as openRootfs } from './rootfs.ts'
import type { OpenOptions, TreeEntry } from './types.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-tree-'))
const options: OpenOptions = { temporary: join(folder, 'temporary'), environment: {} }
const tree = join(folder, 'tree')
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => {
  for (const path of ['.git/objects', 'etc', 'proc/1', 'src/.git', 'out'])
    mkdirSync(join(tree, path), { recursive: true })
  writeFileSync(join(folder, 'outside'), 'secret')
  writeFileSync(join(tree, '.git/objects/pack'), 'history')
  writeFileSync(join(tree, 'src/.git/HEAD'), 'ref')
  writeFileSync(join(tree, 'etc/os-release'), 'ID=debian\n')
  writeFileSync(join(tree, 'proc/1/status'), 'x')
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/src/caf`), Buffer.from([0xe9])]), 'latin')
  writeFileSync(join(tree, 'src/app.js'), 'app')
  symlinkSync('../../outside', join(tree, 'src/escape'))
  symlinkSync('..', join(tree, 'src/loop'))
  execFileSync('mkfifo', [join(tree, 'pipe')])
})

async function schemeFor(name: string): Promise<string | undefined> {
  for (const source of imageSources) if (await source.detects(name)) return source.id
  return undefined
}

describe('images/tree-layer', () => {
  it('walks a directory in the order of its bytes, without following links or entering .git', async () => {
    const opened = await openDir(tree, options)
    const walked = await walkAll(opened.layers[0]!)

    expect(opened.target.kind).toBe('directory')
    expect(lines(walked)).toEqual([
      'directory .git',
      'directory etc',
      'file etc/os-release',
      'directory out',
      'other pipe',
      'directory proc',
      'directory proc/1',
      'file proc/1/status',
      'directory src',
      'directory src/.git',
      'file src/app.js',
      'file src/caf\\xe9',
      'symlink src/escape',
      'symlink src/loop',
    ])
    expect(walked.entries.find(({ path }) => path === 'src/escape')?.target).toBe('../../outside')
    expect([...walked.hashes.keys()]).toEqual(['etc/os-release', 'proc/1/status', 'src/app.js', 'src/caf\\xe9'])
    expect(walked).toMatchObject({ problems: [] })
    expect(walked.diffId).toBeUndefined()
    expect(opened.layers[0]?.diffId).toBeUndefined()
  })

  it('walks a root file system whole where nothing is mounted in it', async () => {
    const opened = await openRootfs(tree, options)

    const walked = await walkAll(opened.layers[0]!)

    expect(opened.target).toEqual({ scheme: 'rootfs', name: tree, kind: 'filesystem' })
    expect(lines(walked)).toContain('file .git/objects/pack')
    expect(lines(walked)).toContain('file proc/1/status')
  })

  it('reads an exported file system from a tar archive', async () => {
    const path = join(folder, 'export.tgz')
    writeFileSync(path, gzipSync(tarBytes([{ name: 'etc/os-release', body: 'ID=debian\n' }])))

    const opened = await openRootfs(path, options)

    expect(lines(await walkAll(opened.layers[0]!))).toEqual(['file etc/os-release'])
    await opened.close()
    await expect(openRootfs(join(folder, 'outside'), options)).rejects.toMatchObject({ code: 'image/not-an-image' })
  })

  it('takes a single file as a tree, through a link too', async () => {
    symlinkSync(join(tree, 'src/app.js'), join(folder, 'linked.js'))

    const direct = await walkAll((await openDir(join(tree, 'src/app.js'), options)).layers[0]!)
    const linked = await walkAll((await openDir(join(folder, 'linked.js'), options)).layers[0]!)

    expect(lines(direct)).toEqual(['file app.js'])
    expect(lines(linked)).toEqual(['file linked.js'])
    expect(direct.hashes.size).toBe(1)
  })

  it('reports what it may not read', async () => {
    const opened = await openDir(join(tree, 'out'), options)
    rmSync(join(tree, 'out'), { recursive: true })

    const walked = await walkAll(opened.layers[0]!)

    expect(walked.problems).toMatchObject([{ code: 'unreadable' }])
    await expect(openDir(join(folder, 'nothing'), options)).rejects.toMatchObject({ code: 'image/not-found' })
  })

  it('reads the file that was listed, not one that took its place', async () => {
    const path = join(folder, 'swapped')
    mkdirSync(path)
    writeFileSync(join(path, 'file'), 'first')
    const opened = await openDir(path, options)

    const walked = await walkAll(opened.layers[0]!, () => {
      rmSync(join(path, 'file'))
      symlinkSync(join(folder, 'outside'), join(path, 'file'))
      return true
    })

    expect(walked.hashes.size).toBe(0)
    expect(walked.problems).toMatchObject([{ code: 'unreadable', location: { path: 'file' } }])
  })

  it('reads nothing through a link that took the place of a directory after it was listed', async () => {
    const path = join(folder, 'moved')
    mkdirSync(join(path, 'inner'), { recursive: true })
    mkdirSync(join(folder, 'elsewhere'))
    for (const parent of [join(path, 'inner'), join(folder, 'elsewhere')]) writeFileSync(join(parent, 'file'), 'secret')
    const opened = await openDir(path, options)

    const walked = await walkAll(opened.layers[0]!, () => {
      if (lstatSync(join(path, 'inner')).isDirectory()) {
        rmSync(join(path, 'inner'), { recursive: true })
        symlinkSync(join(folder, 'elsewhere'), join(path, 'inner'))
      }
      return true
    })

    expect(walked.hashes.size).toBe(0)
    expect(walked.problems).toMatchObject([{ code: 'unreadable', location: { path: 'inner' } }])
  })

  it('does not show the files that a visitor passes over, and counts them', async () => {
    const seen: string[] = []
    const asked: string[] = []
    const visitor = {
      entry: ({ path }: TreeEntry) => seen.push(path) < 0,
      file: () => undefined,
      passesOver: (directory: string, name: string) => asked.push(directory + name) > 0 && !name.endsWith('.js'),
    }
    const limited = async (entries: number) => {
      const opened = await openDir(tree, { ...options, limits: { 'layer-entries': entries } })
      return opened.layers[0]!.walk(visitor)
    }

    const { length } = (await walkAll((await openDir(tree, options)).layers[0]!)).entries
    const whole = await limited(length)
    const shown = seen.splice(0)
    const cut = await limited(length - 1)

    expect(whole.problems).toEqual([])
    expect(shown.filter(path => path.includes('.')).toSorted()).toEqual(['.git', 'src/.git', 'src/app.js'])
    expect(asked).toEqual(expect.arrayContaining(['etc/os-release', 'proc/1/status', 'src/caf\\xe9']))
    expect(cut.problems).toMatchObject([{ code: 'limit', location: { path: 'src' } }])
  })

  it('orders names by their bytes where UTF-16 would not', async () => {
    const path = join(folder, 'order')
    mkdirSync(path)
    for (const name of ['\u{1f600}', '\uff5e', 'z', '\u00e9']) writeFileSync(join(path, name), '')

    const walked = await walkAll((await openDir(path, options)).layers[0]!)

    expect(walked.entries.map(entry => entry.path)).toEqual(['z', '\u00e9', '\uff5e', '\u{1f600}'])
  })

  it('tells an operating system from sources where no scheme is given', async () => {
    expect(await schemeFor(tree)).toBe('rootfs')
    expect(await schemeFor(join(tree, 'src'))).toBe('dir')
    expect(await schemeFor(join(tree, 'src/app.js'))).toBe('dir')
    expect(await schemeFor('-')).toBe('stdin')
  })
})

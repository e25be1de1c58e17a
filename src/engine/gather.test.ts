import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { LayerSource } from '#images/types.ts'
import { type WrittenImage, writeDockerArchive } from '#test/images/image-writer.ts'
import { paxItem } from '#test/images/tar-writer.ts'
import { cacheIn, portsIn } from '#test/support/ports.ts'
import { gatherFacts } from './gather.ts'
import type { Ports } from './ports.ts'
import { inventory } from './scan.ts'

const folder = mkdtempSync(join(tmpdir(), 'gather-'))
afterAll(() => rmSync(folder, { recursive: true }))

const release = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n'
const status = 'Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n'
const image: WrittenImage = {
  layers: [
    [
      { name: 'etc/os-release', body: release },
      { name: 'var/lib/dpkg/status', body: status },
    ],
    [{ name: 'srv/node_modules/left/package.json', body: '{"name":"left","version":"1.3.0"}' }],
  ],
}

/** Ports that keep facts in memory, and what was asked of them. */
function portsOf(build: string | undefined, stored = new Map<string, Uint8Array>()) {
  const hits: string[] = []
  const cache = cacheIn(stored)
  const ports: Ports = {
    ...portsIn(folder),
    cache: {
      get: async key => {
        if (stored.has(key)) hits.push(key)
        return cache.get(key)
      },
      prepare: cache.prepare,
    },
    ...(build !== undefined && { build }),
  }
  return { ports, stored, hits }
}

const scan = (path: string, ports: Ports) => inventory({ target: path, open: {}, version: '0' }, ports)

describe('engine/gather', () => {
  const path = writeDockerArchive(join(folder, 'image.tar'), [image])

  it('puts an image together once for one build of the program', async () => {
    const first = portsOf('one')
    const expected = await scan(path, first.ports)
    const second = portsOf('one', first.stored)

    const found = await scan(path, second.ports)

    expect(expected.packages.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12',
      'pkg:npm/left@1.3.0',
    ])
    expect(found).toEqual(expected)
    expect(second.hits.map(key => key.slice(0, 6))).toEqual(['stack-'])
  })

  it('does it again for another build, from the facts of layers', async () => {
    const first = portsOf('one')
    const expected = await scan(path, first.ports)
    const second = portsOf('two', first.stored)

    const found = await scan(path, second.ports)

    expect(found).toEqual(expected)
    expect(second.hits.map(key => key.slice(0, 7))).toEqual(['sha256-', 'sha256-'])
  })

  describe('of an image on top of one that it has put together', () => {
    const below = writeDockerArchive(join(folder, 'below.tar'), [image])
    let made = 0
    /** What is asked of the cache for an image with one more layer, whose facts have to be those that it gives alone. */
    const askedWith = async (top: WrittenImage['layers'][number], lower = image.layers) => {
      const path = writeDockerArchive(join(folder, `on-top-${made++}.tar`), [{ layers: [...lower, top] }])
      const first = portsOf('one')
      await scan(below, first.ports)
      const second = portsOf('one', first.stored)
      expect(await scan(path, second.ports)).toEqual(await scan(path, portsOf('one').ports))
      return second.hits.map(key => key.slice(0, 6))
    }

    it('looks at nothing else where the top changes nothing', async () => {
      expect(await askedWith([{ name: 'srv/index.js', body: '' }])).toEqual(['stack-'])
    })

    it('looks at all layers where it changes what they hold, or brings packages', async () => {
      const right = { name: 'srv/node_modules/right/package.json', body: '{"name":"right","version":"1.0.0"}' }
      const all = ['stack-', 'sha256', 'sha256']

      expect(await askedWith([right])).toEqual(all)
      expect(await askedWith([{ name: 'srv/node_modules/left', body: '' }])).toEqual(all)
      expect(await askedWith([{ name: 'srv/.wh.node_modules', body: '' }])).toEqual(all)
    })

    it('is not kept where a link makes the names of very many others long', async () => {
      const target = `/${Array.from({ length: 19 }, () => 'd'.repeat(200)).join('/')}`
      const to = (name: string, linkName: string) => ({ name, type: '2', linkName })
      const kept = async (count: number) => {
        const { ports, stored } = portsOf('one')
        const many = Array.from({ length: count }, (_, at) => to(`l/a${at}`, 'x'))
        const layers = [[paxItem([['linkpath', target]]), to('l', '-')], many]
        await scan(writeDockerArchive(join(folder, 'long.tar'), [{ layers }]), ports)
        return [...stored.keys()].map(key => key.slice(0, 6))
      }

      expect(await kept(2000)).toContain('stack-')
      expect(await kept(2300)).not.toContain('stack-')
    })

    it('counts the files of all', async () => {
      const { ports, stored } = portsOf('one')
      await scan(below, ports)
      const limits = { 'target-entries': 2 }
      const tops = Array.from({ length: 4 }, (_, at) => [{ name: `srv/${at}.js`, body: '' }])
      const path = writeDockerArchive(join(folder, 'counted.tar'), [{ layers: [...image.layers, ...tops] }])
      const limited = (known: Map<string, Uint8Array>) =>
        inventory({ target: path, open: { limits }, version: '0' }, portsOf('one', known).ports)

      const { problems } = await limited(stored)

      expect(problems.map(({ code }) => code)).toContain('limit')
      expect((await limited(new Map())).problems).toEqual(problems)
    })

    it('does not take other layers for those', async () => {
      expect(await askedWith([{ name: 'srv/index.js', body: '' }], image.layers.toReversed())).toEqual([
        'sha256',
        'sha256',
      ])
    })

    it('reads what lies where a link of them leads to', async () => {
      const [system] = image.layers
      const links = [{ name: 'etc/os-release', type: '2', linkName: '../opt/release.md' }]
      const lower: WrittenImage = { layers: [system!.slice(1), links] }
      const { ports, stored } = portsOf('one')
      const dangling = await scan(writeDockerArchive(join(folder, 'dangling.tar'), [lower]), ports)
      const found = { layers: [...lower.layers, [{ name: 'opt/release.md', body: release }]] }

      const { distro } = await scan(writeDockerArchive(join(folder, 'led.tar'), [found]), portsOf('one', stored).ports)

      expect(dangling.distro).toBeUndefined()
      expect(distro?.name).toBe('Debian GNU/Linux 12')
    })
  })

  it('keeps facts of layers alone where the code may change under its name', async () => {
    const { ports, stored } = portsOf(undefined)

    await scan(path, ports)

    expect([...stored.keys()].map(key => key.slice(0, 7))).toEqual(['sha256-', 'sha256-'])
  })

  it('tells of bytes that are not what the image claims, and keeps nothing under the claim', async () => {
    const claim = `sha256:${'0'.repeat(64)}`
    const forged = { ...image, config: { rootfs: { type: 'layers', diff_ids: [claim, claim] } } }
    const damaged = writeDockerArchive(join(folder, 'damaged.tar'), [forged])
    const { ports, stored } = portsOf('one')

    const { packages, problems } = await scan(damaged, ports)

    expect(packages).toHaveLength(2)
    expect(problems.map(({ code }) => code)).toEqual(['digest-mismatch', 'digest-mismatch'])
    expect([...stored.keys()]).toEqual([])
  })

  it('throws once what one layer throws in the end, while another is still read', async () => {
    const other = Promise.withResolvers<void>()
    const fails: LayerSource = {
      diffId: 'sha256:a',
      digest: 'sha256:a',
      walk: async visitor => {
        visitor.shown?.()
        throw new Error('interrupted')
      },
    }
    const lasts: LayerSource = { diffId: 'sha256:b', walk: () => other.promise.then(() => ({ problems: [] })) }
    const target = { scheme: 'oci', name: 'x', kind: 'image' as const }
    setTimeout(other.resolve, 30)

    // A rejection that nobody hears of would end the process.
    const opened = { target, layers: [fails, lasts], problems: [], close: async () => undefined }
    const gathered = await gatherFacts(opened, portsOf('one').ports)

    await expect(gathered.facts).rejects.toThrow('interrupted')
    await gathered.end
  })

  it('reads what lies behind a link in a directory under a name that nobody wants', async () => {
    const root = join(folder, 'root')
    mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true })
    mkdirSync(join(root, 'etc'))
    mkdirSync(join(root, 'opt'))
    writeFileSync(join(root, 'opt/release.md'), release)
    writeFileSync(join(root, 'opt/packages.js'), status)
    symlinkSync('../opt/release.md', join(root, 'etc/os-release'))
    symlinkSync('../../../opt/packages.js', join(root, 'var/lib/dpkg/status'))

    const found = await scan(`rootfs:${root}`, portsOf(undefined).ports)

    expect(found.distro?.name).toBe('Debian GNU/Linux 12')
    expect(found.packages.map(({ name }) => name)).toEqual(['bash'])
  })

  describe('bounds packages', () => {
    const limited = (path: string, limits: object, { ports } = portsOf('one')) =>
      inventory({ target: path, open: { limits }, version: '0' }, ports)
    const database = (count: number) => ({
      name: 'var/lib/dpkg/status',
      body: Array.from({ length: count }, (_, at) => `${status.replace('bash', `p${at}`)}\n`).join(''),
    })
    const [system, own] = image.layers
    const rewritten = writeDockerArchive(join(folder, 'rewritten.tar'), [
      { layers: [system!, [database(5)], own!, [database(3)]] },
    ])

    it('of one file, and reads the others', async () => {
      const { packages, problems } = await limited(rewritten, { 'target-packages': 4 })

      expect(packages.map(({ name }) => name)).toEqual(['p0', 'p1', 'p2', 'left'])
      expect(problems).toMatchObject([
        {
          code: 'limit',
          detail: 'The file lists 5 packages (limit target-packages=4)',
          location: { path: database(0).name },
        },
      ])
    })

    it('of all files that are seen', async () => {
      const { packages, problems } = await limited(path, { 'target-packages': 1 })

      expect(packages.map(({ name }) => name)).toEqual(['bash'])
      expect(problems).toMatchObject([
        {
          code: 'limit',
          detail: 'Too many packages, this file is left out (limit target-packages=1)',
          location: { path: 'srv/node_modules/left/package.json' },
        },
      ])
    })

    it('of the files of all layers, with facts from the cache too', async () => {
      const fresh = portsOf('one')

      for (const time of ['read', 'cached']) {
        const { problems } = await limited(rewritten, { 'listed-packages': 9 }, fresh)

        expect(
          problems.map(({ code }) => code),
          time,
        ).toEqual(['limit', 'missing'])
        expect(problems[0]?.detail, time).toContain('(limit listed-packages=9)')
      }
    })

    it('and forgets what it left out', async () => {
      const fresh = portsOf('one')
      await limited(rewritten, { 'target-packages': 1 }, fresh)

      const { packages, problems } = await limited(rewritten, {}, fresh)

      expect([packages.length, problems]).toEqual([4, []])
    })
  })
})

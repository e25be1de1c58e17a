import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import type { TarItem } from '#test/images/tar-writer.ts'
import { recordOf, writeBucket } from '#test/support/osv-bucket.ts'
import { run, sluice } from '#test/support/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-gate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const next = () => join(folder, `${++count}`)

/** A moment at which the advisories of these tests are fresh. */
const at = ['--at', '2024-01-02T00:00:00Z']

const critical = [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }]
const low = [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N' }]

function npm(name: string, version = '1.0.0', directory = 'node_modules'): TarItem {
  return { name: `${directory}/${name}/package.json`, body: JSON.stringify({ name, version }) }
}

const imageOf = (...layers: readonly (readonly TarItem[])[]) => writeDockerArchive(`${next()}.tar`, [{ layers }])

/** A home with a small store of advisories: `bad` is critical, `dull` is low, `unfixed` is critical without a fix. */
const home = join(folder, 'home')
beforeAll(async () => {
  const feeds = join(folder, 'feeds')
  const range = [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }]
  const unfixed = [{ package: { ecosystem: 'npm', name: 'unfixed' }, ranges: range }]
  writeBucket(join(feeds, 'osv'), {
    npm: [
      recordOf('GHSA-aaaa-aaaa-aaaa', 'npm', 'bad', { severity: critical, aliases: ['CVE-2024-0001'] }),
      recordOf('GHSA-bbbb-bbbb-bbbb', 'npm', 'dull', { severity: low }),
      recordOf('GHSA-cccc-cccc-cccc', 'npm', 'unfixed', { severity: critical, affected: unfixed }),
    ],
  })
  const built = await sluice(['feeds', 'update', '--from', feeds], { environment: { SLUICE_HOME: home } })
  if (built.code !== 0) throw new Error(`${built.stdout}${built.stderr}`)
})

const scan = (target: string, more: readonly string[] = [], sluiceHome = home) =>
  sluice(['scan', target, '--offline', '-q', '-o', 'json', ...at, ...more], {
    environment: { SLUICE_HOME: sluiceHome },
  })

/** Exit code and status of the verdict. */
async function judged(target: string, more: readonly string[] = []) {
  const ended = await scan(target, more)
  if (ended.code === 2) return `2 ${ended.stderr.split('\n')[0]}`
  return `${ended.code} ${JSON.parse(ended.stdout).verdict.status}`
}

function policyFile(rules: readonly object[], more: object = {}): string {
  const path = `${next()}.yaml`
  const head = { apiVersion: 'sluice/v1', kind: 'Policy', metadata: { name: 'test', version: 1 } }
  writeFileSync(path, JSON.stringify({ ...head, rules, ...more }))
  return path
}

const everywhere = { dev: 'warn', build: 'fail', registry: 'fail', deploy: 'fail', runtime: 'alert' }
const noCritical = {
  id: 'critical',
  title: 'No critical flaw',
  when: 'finding.kind == "vulnerability" && finding.severity >= CRITICAL',
  stages: everywhere,
}
const release: TarItem = { name: 'etc/os-release', body: 'ID=debian\nVERSION_ID="12"\n' }

describe('the gate', () => {
  describe('verdicts', () => {
    it.each<readonly [string, readonly TarItem[], readonly string[], string]>([
      ['nothing known', [npm('good')], [], '0 pass'],
      ['a low flaw', [npm('dull')], [], '0 warn'],
      ['a critical flaw with a fix', [npm('bad')], [], '1 fail'],
      ['the fixed version', [npm('bad', '2.0.0')], [], '0 pass'],
      ['a critical flaw without a fix', [npm('unfixed')], [], '0 warn'],
      ['dev', [npm('bad')], ['--stage', 'dev'], '0 warn'],
      ['registry', [npm('bad')], ['--stage', 'registry'], '1 fail'],
      ['deploy', [npm('bad')], ['--stage', 'deploy'], '1 fail'],
      ['runtime', [npm('bad')], ['--stage', 'runtime'], '0 warn'],
      ['no database at build', [release], [], '3 incomplete'],
      ['no database at dev', [release], ['--stage', 'dev'], '0 incomplete'],
      ['no database at runtime', [release], ['--stage', 'runtime'], '0 incomplete'],
      ['a failure besides what is unseen', [release, npm('bad')], [], '1 fail'],
      ['--fail-on critical', [npm('unfixed')], ['--fail-on', 'critical'], '1 fail'],
      ['--fail-on critical,fixable', [npm('unfixed')], ['--fail-on', 'critical,fixable'], '0 warn'],
      ['--fail-on fixable', [npm('dull')], ['--fail-on', 'fixable'], '1 fail'],
      ['--fail-on low', [npm('dull')], ['--fail-on', 'low'], '1 fail'],
      ['--fail-on high', [npm('dull')], ['--fail-on', 'high'], '0 warn'],
      ['--fail-on kev', [npm('bad')], ['--fail-on', 'kev'], '0 warn'],
      ['--fail-on and no database', [release], ['--fail-on', 'low'], '3 incomplete'],
      ['--fail-on at dev fails all the same', [npm('bad')], ['--fail-on', 'critical', '--stage', 'dev'], '1 fail'],
    ])('%s', async (_title, layer, more, expected) => {
      expect(await judged(imageOf(layer), more)).toBe(expected)
    })

    it('is the same, byte for byte, whether or not the facts were at hand', async () => {
      const target = imageOf([npm('bad'), npm('dull')], [npm('unfixed')])
      const policy = ['--policy', policyFile([noCritical])]

      const [first, second] = [await scan(target, policy), await scan(target, policy)]
      expect(first.code).toBe(1)
      expect(second.stdout).toBe(first.stdout)
    })

    it('answers to what is unseen as the policy says', async () => {
      const target = imageOf([release])

      expect(await judged(target, ['--policy', policyFile([noCritical], { onIncomplete: { build: 'warn' } })])).toBe(
        '0 incomplete',
      )
      expect(await judged(target, ['--policy', policyFile([noCritical], { onIncomplete: { dev: 'warn' } })])).toBe(
        '3 incomplete',
      )
      expect(await judged(target, ['--policy', policyFile([noCritical])])).toBe('3 incomplete')
      expect(await judged(target, ['--policy', policyFile([noCritical]), '--stage', 'runtime'])).toBe('3 incomplete')
    })

    it('is incomplete on old advisories', async () => {
      expect(await judged(imageOf([npm('good')]), ['--at', '2124-01-01T00:00:00Z'])).toBe('3 incomplete')
    })

    it('lets a waiver count until the end of its day, and for its package only', async () => {
      const waiver = {
        id: 'w-1',
        vulnerability: 'CVE-2024-0001',
        package: 'pkg:npm/bad',
        reason: 'It is not called.',
        requestedBy: 'dev@example.com',
        approvedBy: 'sec@example.com',
        justification: 'vulnerable_code_not_in_execute_path',
      }
      const withWaiver = (change: object) => [
        '--policy',
        policyFile([noCritical], { waivers: [{ ...waiver, expires: '2024-01-02', ...change }] }),
      ]
      const target = imageOf([npm('bad')])

      expect(await judged(target, withWaiver({}))).toBe('0 pass')
      expect(await judged(target, [...withWaiver({}), '--at', '2024-01-02T23:59:59Z'])).toBe('0 pass')
      expect(await judged(target, [...withWaiver({}), '--at', '2024-01-03T00:00:00Z'])).toBe('1 fail')
      expect(await judged(target, withWaiver({ package: 'pkg:npm/other' }))).toBe('1 fail')
      expect(await judged(target, withWaiver({ endsWhen: ['fixAvailable'] }))).toBe('1 fail')
      expect(await judged(imageOf([npm('bad'), npm('unfixed')]), withWaiver({}))).toBe('1 fail')
    })

    it('gives grace for the days that a rule names, and no longer', async () => {
      const lenient = (days: number) => [
        '--policy',
        policyFile([{ ...noCritical, grace: { from: 'published', days } }]),
      ]
      const target = imageOf([npm('bad')])

      // Published on the first of January 2024.
      expect(await judged(target, lenient(3))).toBe('0 warn')
      expect(await judged(target, [...lenient(3), '--at', '2024-01-05T00:00:00Z'])).toBe('1 fail')
      expect(await judged(target, lenient(0))).toMatch(/^[12] /)
    })

    it.each([
      ['no such file', ['--policy', '/does/not/exist.yaml']],
      ['an unknown level', ['--fail-on', 'sever']],
      ['both a policy and --fail-on', ['--policy', 'x.yaml', '--fail-on', 'high']],
    ] as const)('refuses %s', async (_title, more) => {
      expect(await judged(imageOf([npm('bad')]), more)).toMatch(/^2 /)
    })
  })

  describe('the cache', () => {
    const entries = (cache: string): string[] =>
      existsSync(cache)
        ? readdirSync(cache, { recursive: true, withFileTypes: true })
            .filter(entry => entry.isFile())
            .map(entry => join(entry.parentPath, entry.name))
        : []
    const homeLike = async () => {
      const made = next()
      await run('cp', ['-r', home, made])
      rmSync(join(made, 'cache'), { recursive: true, force: true })
      return made
    }

    it('reads no layer twice', async () => {
      const made = await homeLike()
      const target = imageOf([npm('bad')], [npm('dull')])
      const first = await scan(target, [], made)
      const kept = entries(join(made, 'cache/facts'))

      // The first layer's bytes are gone; what is known of its diffID is not.
      const spoiled = writeDockerArchive(target, [{ layers: [[npm('bad')], [npm('dull')]] }], item =>
        item.name === '0-0/layer.tar' ? [] : [item],
      )
      const second = await scan(spoiled, [], made)

      // One entry for each layer, and one for the image that they make.
      expect(kept).toHaveLength(2 + 1)
      expect(second.stdout).toBe(first.stdout)
      expect((await scan(spoiled, [], await homeLike())).code).toBe(3)
    })

    it('reads damaged entries anew, and mends them', async () => {
      const made = await homeLike()
      const target = imageOf([npm('bad')], [npm('dull')])
      const first = await scan(target, [], made)
      const [one, ...others] = entries(join(made, 'cache/facts'))
      const sound = readFileSync(one!)
      writeFileSync(one!, sound.subarray(0, sound.length >> 1))
      for (const other of others) writeFileSync(other, readFileSync(other).fill(0x41))

      expect((await scan(target, [], made)).stdout).toBe(first.stdout)
      expect(readFileSync(one!).equals(sound)).toBe(true)
    })

    it('keeps nothing of a layer that is not what it is called', async () => {
      const made = await homeLike()
      const archive = writeDockerArchive(`${next()}.tar`, [{ layers: [[npm('good')]] }], item =>
        item.name === '0-0/layer.tar'
          ? [{ ...item, body: (item.body as Uint8Array).map(byte => (byte === 0x67 ? 0x68 : byte)) }]
          : [item],
      )

      expect((await scan(archive, [], made)).code).toBe(3)
      expect(entries(join(made, 'cache/facts'))).toEqual([])
    })

    it('may be cold for several scans at once', async () => {
      const made = await homeLike()
      const layers = Array.from({ length: 12 }, (_, index) => [npm(`p${index}`), npm('bad')])
      const target = imageOf(...layers)

      const ended = await Promise.all([1, 2, 3].map(() => scan(target, [], made)))
      expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
      expect(entries(join(made, 'cache/facts'))).toHaveLength(12 + 1)
    })

    it('may be in a place that cannot be written', async () => {
      const made = await homeLike()
      const target = imageOf([npm('bad')])
      // A file where the folder should be stops even root.
      writeFileSync(join(made, 'cache'), '')
      chmodSync(join(made, 'cache'), 0o400)

      const { code, stderr } = await scan(target, [], made)
      expect([code, stderr]).toEqual([1, ''])
    })
  })

  describe('directories', () => {
    const tree = (files: Readonly<Record<string, string>>) => {
      const root = next()
      mkdirSync(root)
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(root, path, '..'), { recursive: true })
        writeFileSync(join(root, path), text)
      }
      return root
    }
    const manifest = (name: string, version = '1.0.0') => JSON.stringify({ name, version })
    const lock = (...entries: readonly (readonly [string, object])[]) =>
      JSON.stringify({
        name: 'app',
        lockfileVersion: 3,
        packages: { '': { name: 'app' }, ...Object.fromEntries(entries) },
      })
    const list = async (target: string) => {
      const { code, stdout, stderr } = await sluice(['sbom', target, '-q', '-o', 'json'], {
        environment: { SLUICE_HOME: home },
      })
      if (code === 2) return { code, stderr }
      const { packages, problems } = JSON.parse(stdout)
      return {
        code,
        packages: packages.map(
          ({
            name,
            version,
            state,
            locations,
            dev,
          }: {
            name: string
            version: string
            state: string
            dev?: boolean
            locations: { path: string }[]
          }) => `${name}@${version} ${state}${dev ? ' dev' : ''} ${locations.map(({ path }) => path).join(' ')}`,
        ),
        problems: problems.map(({ code: problem }: { code: string }) => problem),
      }
    }

    it('counts what is locked and installed once', async () => {
      const root = tree({
        'package-lock.json': lock(
          ['node_modules/x', { version: '1.0.0' }],
          ['node_modules/y', { version: '1.0.0', dev: true }],
        ),
        'node_modules/x/package.json': manifest('x'),
      })

      expect(await list(root)).toEqual({
        code: 0,
        packages: [
          'x@1.0.0 installed node_modules/x/package.json package-lock.json',
          'y@1.0.0 declared dev package-lock.json',
        ],
        problems: [],
      })
    })

    it('reads projects in projects, and leaves the history alone', async () => {
      const root = tree({
        'package-lock.json': lock(['node_modules/x', { version: '1.0.0' }]),
        'web/admin/package-lock.json': lock(['node_modules/x', { version: '2.0.0' }]),
        '.git/package-lock.json': lock(['node_modules/x', { version: '3.0.0' }]),
      })

      expect((await list(root)).packages).toEqual([
        'x@1.0.0 declared package-lock.json',
        'x@2.0.0 declared web/admin/package-lock.json',
      ])
    })

    it('follows no link out of the target, nor in circles', async () => {
      const outside = tree({ 'node_modules/x/package.json': manifest('x') })
      const root = tree({ 'a/node_modules/y/package.json': manifest('y') })
      symlinkSync(join(outside, 'node_modules'), join(root, 'node_modules'))
      symlinkSync('..', join(root, 'a/up'))
      symlinkSync(join(outside, 'node_modules/x/package.json'), join(root, 'package-lock.json'))

      expect(await list(root)).toEqual({
        code: 0,
        packages: ['y@1.0.0 installed a/node_modules/y/package.json'],
        problems: [],
      })
    })

    it('takes a single file, and calls none clean that it cannot read', async () => {
      const root = tree({
        'package-lock.json': lock(['node_modules/x', { version: '1.0.0' }]),
        'notes.txt': 'x',
        'half/package-lock.json': '{"lockfileVersion":3,"packages":{',
      })

      expect((await list(join(root, 'package-lock.json'))).packages).toEqual(['x@1.0.0 declared package-lock.json'])
      expect(await list(join(root, 'notes.txt'))).toEqual({ code: 3, packages: [], problems: ['unsupported'] })
      expect(await list(join(root, 'half/package-lock.json'))).toMatchObject({ code: 3, packages: [] })
    })

    it('finds nothing in an empty directory, and says so', async () => {
      const ended = await scan(tree({}))

      expect(ended.code).toBe(0)
      expect(JSON.parse(ended.stdout).verdict.notes).toContain('no packages were found in this target')
    })

    it('reads a directory with an operating system as a root file system', async () => {
      const root = tree({
        'etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
        'var/lib/dpkg/status': 'Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n',
        'srv/package-lock.json': lock(['node_modules/x', { version: '1.0.0' }]),
      })

      expect((await list(root)).packages).toEqual(['a@1 installed var/lib/dpkg/status'])
      expect((await list(`dir:${root}`)).packages).toEqual(
        expect.arrayContaining(['x@1.0.0 declared srv/package-lock.json']),
      )
    })
  })
})

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hasCorpus } from '#test/support/corpus.ts'
import { hasProgram } from '#test/support/engine.ts'
import { lines, run } from '#test/support/run.ts'
import { sharedPath } from '#test/support/shared.ts'
import { describeWith } from '#test/support/skips.ts'
import { report } from './corpus.ts'

/** Packages to build and install, `[epoch:]version-release`: old, half-way, current and unknown to the feed. */
const packages: readonly (readonly [name: string, evr: string])[] = [
  ['bind-utils', '32:9.16.23-11.el9'],
  ['curl', '7.76.1-19.el9'],
  ['glibc', '2.34-60.el9_2.7'],
  ['kernel', '9.99.0-1.el9'],
  ['openssl-libs', '1:3.0.7-6.el9_2'],
  ['python3', '3.9.14-1.el9_1.1'],
  ['sluice-test', '1.0-1'],
]

/** A Python package that one of them brings. */
const directory = 'usr/lib/python3.9/site-packages/owned-1.0.dist-info'
const metadata = (version: string) => `Metadata-Version: 2.1\\nName: owned\\nVersion: ${version}\\n`

const readFeed = `
import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
for name in archive.namelist():
    record = json.loads(archive.read(name))
    if record.get("withdrawn"): continue
    for affected in record["affected"]:
        if affected["package"]["ecosystem"] != "AlmaLinux:9" or affected["package"]["name"] not in sys.argv[2:]: continue
        for span in affected["ranges"]:
            for event in span["events"]:
                if "fixed" in event: print(record["id"], affected["package"]["name"], event["fixed"])
`

describeWith('../shared, rpm and rpmbuild', hasCorpus() && hasProgram('rpmbuild') && hasProgram('rpm'))(
  'a root file system that rpm made',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-rpm-'))
    const root = join(folder, 'root')
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    beforeAll(async () => {
      for (const [name, evr] of packages) await build(name, evr)
      mkdirSync(join(root, 'usr/lib/sysimage/rpm'), { recursive: true })
      mkdirSync(join(root, 'var/lib'), { recursive: true })
      symlinkSync('../../usr/lib/sysimage/rpm', join(root, 'var/lib/rpm'))
      const files = await lines('find', [join(folder, 'build/RPMS'), '-name', '*.rpm'])
      const words = ['--root', root, '--dbpath', '/var/lib/rpm', '-i', '--nodeps', '--ignorearch', ...files]
      const installed = await run('rpm', words)
      if (installed.code !== 0) throw new Error(installed.stderr)
    })

    async function build(name: string, evr: string): Promise<void> {
      const [, epoch, version, release] = /^(?:(\d+):)?([^-]+)-(.+)$/.exec(evr)!
      const spec = join(folder, `${name}.spec`)
      const head = `Name: ${name}\nVersion: ${version}\nRelease: ${release}\nLicense: MIT\nSummary: x\nBuildArch: noarch\n`
      const made = `%install\nmkdir -p %{buildroot}/${directory}\nprintf '${metadata('1.0')}' >%{buildroot}/${directory}/METADATA\n`
      const body = name === 'sluice-test' ? `${made}%files\n/${directory}/METADATA\n` : '%files\n'
      writeFileSync(spec, `${head}${epoch === undefined ? '' : `Epoch: ${epoch}\n`}%description\nx\n${body}`)
      const built = await run('rpmbuild', ['-bb', '--define', `_topdir ${join(folder, 'build')}`, spec])
      if (built.code !== 0) throw new Error(built.stderr)
    }

    function named(id: string, version: string): string {
      mkdirSync(join(root, 'etc'), { recursive: true })
      writeFileSync(join(root, 'etc/os-release'), `ID=${id}\nVERSION_ID="${version}"\nPRETTY_NAME="${id} ${version}"\n`)
      return `rootfs:${root}`
    }

    it('lists what rpm lists, behind the link', async () => {
      const format = '%{NAME} %{VERSION}-%{RELEASE}\n'
      const listed = await lines('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '-qa', '--qf', format])

      const { code, report: result } = await report('sbom', named('almalinux', '9.4'))

      expect(code).toBe(0)
      expect(result.problems).toEqual([])
      const system = result.packages.filter(({ type }) => type === 'rpm')
      expect(system.map(({ name, version }) => `${name} ${version.replace(/^\d+:/, '')}`)).toEqual(listed.toSorted())
    })

    it('leaves a Python package to its owner, until it is overwritten', async () => {
      const python = async () =>
        (await report('sbom', named('almalinux', '9.4'))).report.packages.find(({ name }) => name === 'owned')!

      expect((await python()).owner).toMatch(/^pkg:rpm\/almalinux\/sluice-test@1.0-1/)
      writeFileSync(join(root, directory, 'METADATA'), 'Metadata-Version: 2.1\nName: owned\nVersion: 2.0\n')
      expect(await python()).toMatchObject({ version: '2.0' })
      expect((await python()).owner).toBeUndefined()
    })

    it('finds what the feed of AlmaLinux says, with rpm as the only judge of versions', async () => {
      const archive = sharedPath('feeds', 'osv', 'AlmaLinux', 'all.zip')!
      const feed = await lines('python3', ['-c', readFeed, archive, ...packages.map(([name]) => name)])
      const installed = new Map(packages)
      // Modular builds are other packages than these.
      const questions = feed.map(line => line.split(' ')).filter(([, , fixed]) => !fixed!.includes('module'))
      const script = questions.map(
        ([id, name, fixed]) =>
          `if rpm.vercmp("${installed.get(name!)}", "${fixed}") < 0 then print("${id} ${name}\\n") end`,
      )
      const expected = [...new Set(await lines('rpm', ['--eval', `%{lua:${script.join('\n')}}`]))].sort()

      const { report: result } = await report('scan', named('almalinux', '9.4'))

      const found = result.findings.flatMap(finding =>
        finding.kind !== 'vulnerability'
          ? []
          : finding.advisories.map(({ id }) => `${id} ${/\/([^/@]+)@/.exec(finding.package)![1]}`),
      )
      console.info(`${expected.length} AlmaLinux records apply`)
      expect(expected.length).toBeGreaterThan(20)
      expect([...new Set(found)].sort()).toEqual(expected)
    })

    it.each([
      ['amzn', '2023'],
      ['photon', '5.0'],
      ['fedora', '41'],
      ['debian', '12'],
    ] as const)('is incomplete where it calls itself %s', async (id, version) => {
      const { code, report: result } = await report('scan', named(id, version))

      expect(code).toBe(3)
      expect(result.problems.map(problem => problem.code)).toEqual(['unknown-distribution'])
      expect(result.findings.filter(({ kind }) => kind === 'vulnerability')).toEqual([])
    })
  },
)

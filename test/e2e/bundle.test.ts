import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import { buildProgram, launcherFlags, publish } from '#tools/build.ts'

describe('the bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  const bundle = join(folder, 'dist', 'app')
  const start = (main: string, ...words: readonly string[]) =>
    execFileSync(execPath, ['--disable-warning=ExperimentalWarning', main, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SLUICE_HOME: join(folder, 'home'), NODE_COMPILE_CACHE: '', NODE_DEBUG: '' },
    })
  beforeAll(() => buildProgram(bundle))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('lists what the sources list, also from its cache', () => {
    const status = 'Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n'
    const archive = writeDockerArchive(join(folder, 'image.tar'), [
      {
        layers: [
          [
            { name: 'etc/os-release', body: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n' },
            { name: 'var/lib/dpkg/status', body: status },
          ],
        ],
      },
    ])
    const list = (main: string) => {
      const { packages, problems } = JSON.parse(start(main, 'sbom', '-q', '-o', 'json', archive))
      return { packages, problems }
    }

    const expected = list(join(root, 'src/cli/main.ts'))

    expect(expected.packages).toHaveLength(1)
    expect(list(join(bundle, 'main.cjs'))).toEqual(expected)
    expect(list(join(bundle, 'main.cjs'))).toEqual(expected)
  })

  it('has the files that it reads beside itself', () => {
    expect(start(join(bundle, 'main.cjs'), 'policy', 'show')).toBe(
      start(join(root, 'src/cli/main.ts'), 'policy', 'show'),
    )
    expect(readdirSync(bundle)).toContain('main.cjs')
  })

  it('runs from the code that the build compiled, with the flags of the launcher', () => {
    const load = `
      import { loadProgram } from ${JSON.stringify(join(root, 'tools/load-program.ts'))}
      console.log(loadProgram(${JSON.stringify(bundle)}).script.cachedDataRejected)`

    // What the launcher gives to Node for a scan, as Node tells it, whatever stands in the launcher.
    const tells = join(folder, 'tells.cjs')
    writeFileSync(tells, "require('node:fs').writeSync(2, JSON.stringify(process.execArgv)); process.exit(0)")
    const { stderr } = spawnSync(installLauncher(folder), ['scan', 'x'], {
      encoding: 'utf8',
      env: {
        ...process.env,
        SLUICE_HOME: join(folder, 'home'),
        NODE_OPTIONS: `--require ${tells}`,
        NODE_NO_WARNINGS: '1',
      },
    })
    const flags = (JSON.parse(stderr) as readonly string[]).filter(flag => !/^--(?:permission|allow)/.test(flag))

    expect(flags).toEqual(expect.arrayContaining([...launcherFlags(), `--snapshot-blob=${join(bundle, 'node.blob')}`]))
    expect(execFileSync(execPath, [...flags, '--input-type=module', '-e', load], { encoding: 'utf8' })).toBe('false\n')
  })

  it('starts without a snapshot that is older than the installation', () => {
    const launcher = installLauncher(folder)
    const trace = () => spawnSync('sh', ['-x', launcher, 'policy', 'show'], { encoding: 'utf8' }).stderr

    expect(trace()).toContain('--snapshot-blob')

    utimesSync(join(folder, 'node_modules/.package-lock.json'), new Date(), new Date(Date.now() + 60_000))

    expect(trace()).not.toContain('--snapshot-blob')
  })

  it('runs without it too', () => {
    renameSync(join(bundle, 'program.bin'), join(bundle, 'aside'))

    const shown = start(join(bundle, 'main.cjs'), 'policy', 'show')

    renameSync(join(bundle, 'aside'), join(bundle, 'program.bin'))
    expect(shown).toContain('apiVersion: sluice/v1')
  })

  it('leaves the bundle of before to those who run it, and takes away what was replaced a day ago', async () => {
    const link = join(folder, 'published', 'app')
    const targets = () => readdirSync(join(folder, 'published')).filter(name => name.startsWith('app-'))
    await publish(link)
    const [first] = targets()
    await publish(link)
    const [second] = targets().filter(name => name !== first)

    expect(readlinkSync(link)).toBe(second)
    expect(targets()).toHaveLength(2)

    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
    utimesSync(join(folder, 'published', first!), twoDaysAgo, twoDaysAgo)
    await publish(link)

    expect(targets()).not.toContain(first)
    expect(targets()).toContain(second)
    expect(start(join(link, 'main.cjs'), '--version')).toMatch(/^sluice \d/)
  })
})

/** What a clone has, as far as the launcher looks; returns the launcher. */
function installLauncher(clone: string): string {
  const modules = join(clone, 'node_modules')
  rmSync(modules, { recursive: true, force: true })
  mkdirSync(join(modules, '.bin'), { recursive: true })
  symlinkSync(execPath, join(modules, '.bin/node'))
  writeFileSync(join(clone, 'package-lock.json'), '{}')
  utimesSync(join(clone, 'package-lock.json'), 0, 0)
  writeFileSync(join(modules, '.package-lock.json'), '{}')
  utimesSync(join(modules, '.package-lock.json'), 0, 0)
  copyFileSync(join(root, 'sluice'), join(clone, 'sluice'))
  return join(clone, 'sluice')
}

import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { launcherFlags } from '#tools/build.ts'
import { makePackage } from '#tools/package.ts'

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'installed-'))
  const globally = join(folder, 'global')
  const project = join(folder, 'project')
  const commands = [join(globally, 'bin/sluice'), join(project, 'node_modules/.bin/sluice')]
  const environment = { ...process.env, SLUICE_HOME: join(folder, 'home'), NODE_OPTIONS: '', NODE_COMPILE_CACHE: '' }
  const run = (command: string, ...words: readonly string[]) =>
    spawnSync(command, words, { encoding: 'utf8', env: environment })

  beforeAll(async () => {
    const archive = await makePackage(folder)
    const npm = (...words: readonly string[]) =>
      execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', ...words, archive], { stdio: 'inherit' })
    mkdirSync(project)
    npm('--global', '--prefix', globally)
    npm('--prefix', project)
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  it('has no other dependency than Node, and no source', () => {
    const installed = join(globally, 'lib/node_modules/sluice')

    expect(readdirSync(installed).sort()).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        'demo',
        'dist',
        'node_modules',
        'package.json',
        'sluice',
      ].sort(),
    )
    expect(readdirSync(join(installed, 'node_modules')).filter(name => !name.startsWith('.'))).toHaveLength(1)
  })

  it.each(commands)('runs as %s', command => {
    expect(run(command, '--version').stdout).toMatch(/^sluice \d/)
    expect(run(command, 'policy', 'show').stdout).toBe(readFileSync(join(root, 'src/policy/default.yaml'), 'utf8'))

    const demo = run(command, 'demo')

    expect(demo.stdout).toContain('FAIL')
    expect(demo.status).toBe(0)
  })

  it.each(commands)('starts from what the build made for its Node as %s', command => {
    const trace = spawnSync('sh', ['-x', command, 'policy', 'show'], { encoding: 'utf8', env: environment }).stderr
    const [node = '', ...words] = trace
      .split('\n')
      .findLast(line => line.startsWith('+ exec '))!
      .slice(7)
      .split(' ')
    const flags = words.slice(
      0,
      words.findIndex(word => word.endsWith('main.cjs')),
    )
    const app = realpathSync(join(realpathSync(command), '../dist/app'))
    const load = `
      import { loadProgram } from ${JSON.stringify(join(root, 'tools/load-program.ts'))}
      console.log(loadProgram(${JSON.stringify(app)}).script.cachedDataRejected)`

    expect(flags).toEqual(expect.arrayContaining([...launcherFlags()]))
    expect(flags.some(flag => /^--snapshot-blob=.*\.blob$/.test(flag))).toBe(true)
    expect(execFileSync(node, [...flags, '--input-type=module', '-e', load], { encoding: 'utf8' })).toBe('false\n')
  })

  it.each(commands)('starts no other program before Node as %s', command => {
    const trace = spawnSync('sh', ['-x', command, '--version'], { encoding: 'utf8', env: environment }).stderr

    expect(trace).toContain('+ exec ')
    expect(trace).not.toContain('readlink')
  })

  it.each(commands)('runs through a link of the user to %s', command => {
    const elsewhere = join(folder, 'elsewhere')
    rmSync(elsewhere, { recursive: true, force: true })
    mkdirSync(join(elsewhere, 'bin'), { recursive: true })
    symlinkSync(command, join(elsewhere, 'bin/gate'))
    symlinkSync('bin/gate', join(elsewhere, 'sluice'))

    expect(run(join(elsewhere, 'sluice'), '--version').stdout).toMatch(/^sluice \d/)
    expect(run(join(elsewhere, 'bin/gate'), '--version').stdout).toMatch(/^sluice \d/)
  })

  it('says what is missing where there is no Node', () => {
    const modules = join(globally, 'lib/node_modules/sluice/node_modules')
    renameSync(modules, `${modules}-aside`)
    const { status, stderr } = spawnSync('/bin/sh', [realpathSync(commands[0]!), 'policy', 'show'], {
      encoding: 'utf8',
      env: { PATH: join(folder, 'home') },
    })
    renameSync(`${modules}-aside`, modules)

    expect(status).toBe(2)
    expect(stderr).toContain('Sluice needs version 24')
  })
})

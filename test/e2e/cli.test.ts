import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { run, sluice } from '#test/support/run.ts'

/** No escape sequence, no control character but line ends and tabs. */
const plain = /^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$/

describe('the command line', () => {
  let folder: string
  let environment: Readonly<Record<string, string>>
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
    environment = { SLUICE_HOME: join(folder, 'home') }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const directory = (name: string, files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, name, path)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, text)
    }
    return join(folder, name)
  }

  it('says its version, and helps', async () => {
    expect((await sluice(['--version'])).stdout).toMatch(/^sluice \d+\.\d+\.\d+\n$/)
    const help = await sluice(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const command of ['scan', 'sbom', 'policy', 'feeds', 'demo', 'completion']) {
      expect(help.stdout).toContain(`  ${command} `)
      expect((await sluice([command, '--help'])).stdout).toContain('Examples:')
    }
  })

  it('ends with the first interrupt while a report waits for its reader', async () => {
    const entry = (index: number) =>
      `Package: lib${index}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.${index}-1\n`
    const target = directory('many', {
      'etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
      'var/lib/dpkg/status': Array.from({ length: 4000 }, (_, index) => entry(index)).join('\n'),
    })
    const words = ['sbom', '-q', '-o', 'json', `rootfs:${target}`]
    const child = spawn(join(root, 'sluice'), words, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...environment },
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    const ended = once(child, 'exit')

    // The report has begun, and more of it than a pipe holds is never read.
    await once(child.stdout, 'readable')
    child.kill('SIGINT')

    expect(await ended).toEqual([null, 'SIGINT'])
  })

  it('keeps its exit code where nobody reads, and fails where nothing can be written', async () => {
    const demo = join(folder, 'demo')
    await sluice(['demo', '--quiet', '--keep', demo], { environment })
    const codeOf = async (rest: string) => {
      const words = `"$0" scan --offline --quiet -o json "$1" ${rest}; echo "\${PIPESTATUS[0]}" >&2`
      const ended = await run('bash', ['-c', words, join(root, 'sluice'), join(demo, 'image.tar')], {
        environment: { SLUICE_HOME: join(demo, 'home') },
      })
      return ended.stderr.trim().split('\n').at(-1)
    }

    expect(await codeOf('> /dev/null')).toBe('1')
    expect(await codeOf('| head -c 10')).toBe('1')
    expect(await codeOf('| true')).toBe('1')
    expect(await codeOf('> /dev/full')).toBe('2')
  })

  it('colours on a terminal, unless the user says no', async () => {
    const demo = join(folder, 'coloured')
    await sluice(['demo', '--quiet', '--keep', demo], { environment })
    const onTerminal = async (settings: Readonly<Record<string, string>>) => {
      const scan = ['scan', '--offline', '--quiet', join(demo, 'image.tar')]
      const words = ['-c', 'import pty, sys; pty.spawn(sys.argv[1:])', join(root, 'sluice'), ...scan]
      const set = { SLUICE_HOME: join(demo, 'home'), TERM: 'xterm', FORCE_COLOR: '', NO_COLOR: '', ...settings }
      return (await run('python3', words, { environment: set })).stdout
    }
    const esc = String.fromCharCode(27)

    expect(await onTerminal({})).toContain(`${esc}[1;31mFAIL`)
    expect(await onTerminal({ NO_COLOR: '1' })).not.toContain(esc)
    expect(await onTerminal({ TERM: 'dumb' })).not.toContain(esc)
  })

  it('waits for the reader of a pipe that does not block', async () => {
    const demo = join(folder, 'unhurried')
    await sluice(['demo', '--quiet', '--keep', demo], { environment })
    const file = join(demo, 'report.json')
    const scan = '"$0" scan --offline --quiet --at 2026-08-16 "$1" -o json'
    // A pipe of one page.
    const shrink = 'fcntl.fcntl(1, 1031, 4096); fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK)'
    const unblock = `import fcntl, os, sys; ${shrink}; os.execv(sys.argv[1], sys.argv[1:])`
    const words = `${scan}="$2"; python3 -c '${unblock}' ${scan} | (sleep 1; wc -c)`
    const ended = await run('bash', ['-c', words, join(root, 'sluice'), join(demo, 'image.tar'), file], {
      environment: { SLUICE_HOME: join(demo, 'home') },
    })
    const { size } = statSync(file)

    expect(size).toBeGreaterThan(2 ** 15)
    expect(Number(ended.stdout)).toBe(size)
  })

  it('starts on a handful of modules', async () => {
    const count = async (word: string) => {
      const script = `process.argv[2]='${word}';await import('./src/cli/main.ts');process.on('exit',()=>{})`
      const counted = await run(
        join(root, 'node_modules/.bin/node'),
        ['--input-type=module', '--import', `data:text/javascript,${encodeURIComponent(counting)}`, '-e', script],
        { cwd: root },
      )
      return Number(/modules (\d+)/.exec(counted.stderr)?.[1])
    }
    const counting = `import{registerHooks}from'node:module';let n=0;registerHooks({load(u,c,next){if(u.startsWith('file:'))n++;return next(u,c)}});process.on('exit',()=>process.stderr.write('modules '+n))`

    expect(await count('--version')).toBeLessThanOrEqual(4)
    expect(await count('--help')).toBeLessThanOrEqual(15)
  })

  it.each([
    [['scna'], 'Did you mean'],
    [['scan'], 'needs a target'],
    [['scan', 'a', 'b'], 'takes one target'],
    [['scan', 'a', '--polcy', 'x'], 'Did you mean --policy?'],
    [['scan', 'a', '-o', 'jsn'], 'did you mean json?'],
    [['scan', 'a', '--stage', 'prod'], 'dev, build, registry, deploy, runtime'],
    [['scan', 'a', '--at', 'yesterday'], '--at needs a moment'],
    [['scan', 'a', '-o', 'json', '-o', 'sarif'], 'Only one report'],
    [['scan', './does-not-exist.tar'], 'does-not-exist.tar'],
    [['policy', 'check', 'does-not-exist.yaml'], 'cannot be read'],
    [['policy', 'frobnicate'], 'Say what to do'],
    [['completion', 'tcsh'], 'bash, zsh or fish'],
  ])('answers %j with exit code 2 and a way out', async (words, expected) => {
    const ended = await sluice(words, { environment })

    expect(ended.code).toBe(2)
    expect(ended.stdout).toBe('')
    expect(ended.stderr).toContain(expected)
    expect(ended.stderr).not.toContain('bug in Sluice')
  })

  it('does not scan without advisories, and says how to get them', async () => {
    const target = directory('locked', { 'package-lock.json': lockFile })

    const ended = await sluice(['scan', target, '--offline'], { environment })

    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('--from')
    expect(ended.stdout).toBe('')
  })

  it('lists packages without any advisories', async () => {
    const target = directory('locked', { 'package-lock.json': lockFile })

    const ended = await sluice(['sbom', target, '-o', 'json'], { environment })

    expect(ended.code).toBe(0)
    expect(JSON.parse(ended.stdout).packages.map(({ purl }: { purl: string }) => purl)).toEqual([
      'pkg:npm/lodash@4.17.20',
    ])
  })

  it('says that it read a directory with an operating system as a root file system', async () => {
    const os = {
      'etc/os-release': 'ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME="Alpine"\n',
      'lib/apk/db/installed': 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n',
    }

    const ended = await sluice(['sbom', directory('system', os)], { environment })

    expect(ended.stdout).toContain('rootfs')
    expect(ended.stdout).toContain('musl')
  })

  it('lets no escape sequence out of a target', async () => {
    const hostile = `{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1.0.0\\u001b[31m\\u202e\\n::error::pwned","license":"\\u001b]0;t\\u0007"}}}`
    const target = directory('hostile', { 'package-lock.json': hostile })

    for (const format of ['table', 'markdown']) {
      const ended = await sluice(['sbom', target, '-o', format], { environment: { ...environment, FORCE_COLOR: '0' } })
      expect(ended.stdout).toMatch(plain)
      expect(ended.stdout).not.toMatch(/^::error/m)
      expect(ended.stdout).not.toContain('\u202e')
    }
  })

  it('uses colour only where it is wanted', async () => {
    const target = directory('locked', { 'package-lock.json': lockFile })
    const sbom = (more: Record<string, string>) =>
      sluice(['sbom', target], { environment: { ...environment, FORCE_COLOR: '', ...more } })

    expect((await sbom({})).stdout).toMatch(plain)
    expect((await sbom({ FORCE_COLOR: '1' })).stdout).toContain('\x1b[')
    expect((await sbom({ FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).toMatch(plain)
  })

  it('completes in bash from the table of commands', async () => {
    const script = (await sluice(['completion', 'bash'])).stdout
    const ask = `${script}\nCOMP_WORDS=(sluice sc); COMP_CWORD=1; _sluice; echo "\${COMPREPLY[@]}"; COMP_WORDS=(sluice scan --stage d); COMP_CWORD=3; COMPREPLY=(); _sluice; echo "\${COMPREPLY[@]}"`

    expect((await run('bash', ['-c', ask])).stdout).toBe('scan\ndev deploy\n')
  })

  it('shows and checks the shipped policy', async () => {
    const shown = await sluice(['policy', 'show'])
    const file = join(directory('policy', { 'policy.yaml': shown.stdout }), 'policy.yaml')

    expect((await sluice(['policy', 'check', file])).code).toBe(0)
    expect(JSON.parse((await sluice(['policy', 'schema'])).stdout).$schema).toContain('2020-12')
    writeFileSync(file, shown.stdout.replace('stages:', 'stage:'))
    const broken = await sluice(['policy', 'check', file])
    expect(broken.code).toBe(2)
    expect(broken.stderr).toContain('stages')
  })
})

const lockFile =
  '{"name":"app","lockfileVersion":3,"packages":{"":{"name":"app"},"node_modules/lodash":{"version":"4.17.20"}}}'

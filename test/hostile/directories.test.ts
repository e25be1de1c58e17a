import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { run } from '#test/support/run.ts'
import { describeWith } from '#test/support/skips.ts'

/** The system's user without rights; root may read everything. */
const nobody = 65_534
const asNobody = process.getuid?.() === 0 ? ['setpriv', `--reuid=${nobody}`, '--clear-groups', '--'] : ['env']

function canBeNobody(): boolean {
  const [program, ...words] = [...asNobody, join(root, 'sluice'), '--version']
  const environment = { ...process.env, HOME: '/nonexistent', NODE_COMPILE_CACHE: '/nonexistent' }
  return process.platform !== 'win32' && spawnSync(program!, words, { env: environment }).status === 0
}

describeWith('a user without rights', canBeNobody())('a directory that may not be read whole', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rights-'))
  const home = join(folder, 'home')
  mkdirSync(home)
  chmodSync(folder, 0o755)
  if (process.getuid?.() === 0) chownSync(home, nobody, nobody)
  afterAll(() => {
    spawnSync('chmod', ['-R', 'u+rwX', folder])
    rmSync(folder, { recursive: true })
  })

  const lock = '{"lockfileVersion":3,"packages":{"node_modules/sound":{"version":"1.0.0"}}}'
  let count = 0

  /** A target with a sound lock file, and in `odd/` these files; then modes are taken away. */
  function targetOf(files: readonly string[], modes: Readonly<Record<string, number>>): string {
    const target = join(folder, `${++count}`)
    for (const name of ['a/package-lock.json', ...files]) {
      mkdirSync(join(target, name, '..'), { recursive: true })
      writeFileSync(join(target, name), lock)
    }
    for (const [name, mode] of Object.entries(modes)) chmodSync(join(target, name), mode)
    return target
  }

  it.each<readonly [string, readonly string[], Readonly<Record<string, number>>, readonly string[]]>([
    ['one that cannot be listed', ['odd/x.txt'], { odd: 0o000 }, ['odd']],
    ['one that can be entered and not be listed', ['odd/x.txt'], { odd: 0o111 }, ['odd']],
    ['one in one that can only be listed', ['odd/in/x.txt'], { odd: 0o444 }, ['odd/in']],
    ['a lock file', ['odd/yarn.lock'], { 'odd/yarn.lock': 0o000 }, ['odd/yarn.lock']],
    ['a lock file that is only listed', ['odd/yarn.lock'], { odd: 0o444 }, ['odd/yarn.lock']],
    // Its mode, which nobody can see, would tell whether it is a program.
    ['what may be a program', ['odd/app'], { odd: 0o444 }, ['odd/app']],
    // What nobody would read cannot hide anything: it is no problem that it may not be read.
    ['a file of no interest', ['odd/notes.txt'], { 'odd/notes.txt': 0o000 }, []],
    ['a file of no interest that is only listed', ['odd/notes.txt'], { odd: 0o444 }, []],
  ])('is told of where packages could be: %s', async (_title, files, modes, paths) => {
    const target = targetOf(files, modes)
    const [program, ...words] = [...asNobody, join(root, 'sluice'), 'sbom', target, '-q', '-o', 'json']

    const { code, stdout, stderr } = await run(program!, words, { environment: { SLUICE_HOME: home, HOME: home } })

    expect(stderr).toBe('')
    const { packages, problems } = JSON.parse(stdout)
    expect(packages.map(({ name }: { name: string }) => name)).toEqual(['sound'])
    expect(
      problems.map(({ code: told, location }: { code: string; location: { path: string } }) => [told, location.path]),
    ).toEqual(paths.map(path => ['unreadable', path]))
    expect(code).toBe(paths.length === 0 ? 0 : 3)
  })
})

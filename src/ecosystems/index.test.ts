import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecosystems } from './index.ts'
import type { Ecosystem } from './types.ts'

const part = fc.constantFrom(
  ...['node_modules', 'package.json', 'left', '.pnpm', '.pnp.cjs', '.pnp.data.json', 'yarn.lock', 'bun.lockb'],
  ...['var', 'lib', 'dpkg', 'status', 'status.d', 'info', 'bash.list', 'x.js', 'usr', 'share', 'doc', 'copyright'],
  ...['rpm', 'Packages', 'rpmdb.sqlite', 'rpmdb.sqlite-wal', 'rpmmanifest', 'container-manifest-2', 'sysimage'],
  ...['etc', 'os-release', 'apk', 'db', 'installed', 'a.jar', 'b.war', 'a-sources.jar', 'pom.xml', 'gradle.lockfile'],
  ...['gradle', 'dependency-locks', 'c.lockfile', 'go.mod', 'vendor', 'server', 'tool.exe', 'lib.so', 'run.sh', 'a.d'],
  ...['site-packages', 'a-1.0.dist-info', 'METADATA', 'b.egg-info', 'PKG-INFO', 'c.egg', 'EGG-INFO', 'requirements'],
  ...['dev.txt', 'requirements.txt', 'poetry.lock', 'pylock.toml', 'pylock.dev.toml', 'uv.lock', 'Pipfile.lock'],
)

/** As `Ecosystem` says it of a name, wherever the file lies. */
function mayWant({ names = [], mayWantEnd }: Ecosystem, name: string): boolean {
  const dot = name.lastIndexOf('.')
  return names.includes(name) || mayWantEnd?.(dot < 0 ? '' : name.slice(dot)) === true
}

describe('ecosystems/index', () => {
  it.each(ecosystems)('wants no file of $id by a name that it passes over', ecosystem => {
    const { wants, mayWantAllIn } = ecosystem
    const paths = fc.array(part, { minLength: 1, maxLength: 6 })
    const mode = fc.constantFrom('installed', 'directory')

    fc.assert(
      fc.property(paths, mode, (parts, of) => {
        const path = parts.join('/')
        const directory = path.slice(0, path.lastIndexOf('/') + 1)
        const isPassed = !mayWant(ecosystem, parts.at(-1)!) && mayWantAllIn?.(directory) !== true

        expect(isPassed && wants({ path, size: 1 << 20, mode: 0o755 }, of)).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })

  it('passes over most names of a tree of sources', () => {
    const names = ['index.js', 'README.md', 'main.py', 'style.css', 'app.ts', 'App.java', 'Main.class', 'logo.png']

    expect(names.filter(name => ecosystems.some(ecosystem => mayWant(ecosystem, name)))).toEqual([])
  })
})

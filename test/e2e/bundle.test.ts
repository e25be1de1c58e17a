import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import { buildProgram } from '#tools/build.ts'

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
    expect(list(join(bundle, 'main.js'))).toEqual(expected)
    expect(list(join(bundle, 'main.js'))).toEqual(expected)
  })

  it('has the files that it reads beside itself', () => {
    expect(start(join(bundle, 'main.js'), 'policy', 'show')).toBe(
      start(join(root, 'src/cli/main.ts'), 'policy', 'show'),
    )
    expect(readdirSync(bundle)).toContain('main.js')
  })
})

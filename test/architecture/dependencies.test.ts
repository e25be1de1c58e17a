import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './sources.ts'

interface LockedPackage {
  readonly version?: string
  readonly integrity?: string
  /** Address it was locked from; absent where that is left to the registry in use. */
  readonly resolved?: string
  readonly dev?: boolean
  /** It would run something when it is installed, if npm let it. */
  readonly hasInstallScript?: boolean
  /** A folder of this machine in place of a package. */
  readonly link?: boolean
  /** Set where the package holds a program for some systems only. */
  readonly os?: readonly string[]
}

const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
)
const manifest: Readonly<Record<string, Readonly<Record<string, string>> | undefined>> = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

/** So many packages a user installs, besides programs for one system. It may grow only for a reason that is reviewed. */
const maxRuntimePackages = 17

describe('the dependencies', () => {
  const locked = Object.entries(lock.packages).filter(([path]) => path !== '')
  const runtime = locked.filter(([, { dev, os }]) => dev !== true && os === undefined)

  it('are few', () => {
    expect(runtime.length).toBeGreaterThan(0)
    expect(runtime.length).toBeLessThanOrEqual(maxRuntimePackages)
  })

  it('are pinned to one version each, by digest', () => {
    const wanted = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap(kind =>
      Object.entries(manifest[kind] ?? {}),
    )

    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
    expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([])
  })

  it('come from the registry: no repository, no address of its own, no folder', () => {
    const elsewhere = locked.filter(
      ([, { resolved, link, version }]) =>
        link === true ||
        version === undefined ||
        (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')),
    )

    expect(elsewhere.map(([path]) => path)).toEqual([])
  })

  it('run nothing when they are installed', () => {
    expect(readFileSync(join(root, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true')
    // esbuild's only makes its start faster.
    expect(locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([
      'node_modules/esbuild',
    ])
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './sources.ts'

interface LockedPackage {
  readonly version?: string
  readonly integrity?: string
  readonly dev?: boolean
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

  it('run nothing when they are installed', () => {
    expect(readFileSync(join(root, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true')
  })
})

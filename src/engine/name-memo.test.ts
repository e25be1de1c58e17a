import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecosystems } from '#ecosystems/index.ts'
import type { TreeMode } from '#ecosystems/types.ts'
import { distroFiles } from '#model/distro.ts'
import { isUseless, isWantedBy, NameMemo } from './name-memo.ts'

const readers = ecosystems.map(ecosystem => ({ ecosystem }))

const part = fc.constantFrom(
  ...['var', 'lib', 'dpkg', 'status', 'status.d', 'info', 'bash.list', 'usr', 'share', 'doc', 'copyright', 'etc'],
  ...['os-release', 'rpm', 'Packages', 'node_modules', 'package.json', 'a', 'a.jar', 'tool', 'x.js', 'METADATA'],
  ...['a-1.0.dist-info', 'go.mod', 'yarn.lock', 'alpine-release'],
)
const path = fc.array(part, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/'))

describe('engine/name-memo', () => {
  it('asks everyone who wants a path, whatever was asked before', () => {
    fc.assert(
      fc.property(
        fc.array(path, { maxLength: 12 }),
        fc.constantFrom<TreeMode>('installed', 'directory'),
        (paths, mode) => {
          const memo = new NameMemo(readers)
          for (const one of paths) {
            const file = { path: one, size: 1 << 20, mode: 0o755 }
            const wanting = readers.filter(({ ecosystem }) => ecosystem.wants(file, mode))
            const { askers } = memo.useAt(one)

            expect(askers.filter(({ ecosystem }) => ecosystem.wants(file, mode))).toEqual(wanting)
            expect(isWantedBy(askers, file, mode)).toBe(wanting.length > 0)
            const language = wanting.some(({ ecosystem }) => ecosystem.kind === 'language')
            expect(isWantedBy(askers, file, mode, 'language')).toBe(language)
            const start = one.lastIndexOf('/') + 1
            expect(memo.useIn(one.slice(0, start), one.slice(start))).toEqual(memo.useAt(one))
          }
        },
      ),
    )
  })

  it('knows the names of files that identify a distribution, and most others as useless', () => {
    const memo = new NameMemo(readers)

    expect(distroFiles.filter(file => !memo.useAt(file).mayIdentify)).toEqual([])
    expect(['a.js', 'src/b.css', 'README.md'].filter(file => !isUseless(memo.useAt(file)))).toEqual([])
    expect(isUseless(memo.useAt('var/lib/dpkg/info/x.list'))).toBe(false)
  })
})

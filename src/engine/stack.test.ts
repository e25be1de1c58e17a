import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LayerFacts } from './layer-facts.ts'
import { stackLayers } from './stack.ts'

/** One entry of a small made layer: `f` a file that was read, `d`, `l` a link, `w` a whiteout, `o` an opaque mark. */
type Entry = readonly [kind: 'f' | 'd' | 'l' | 'w' | 'o', path: string, target?: string]

function layer(...entries: readonly Entry[]): LayerFacts {
  const of = (kind: Entry[0]) => entries.filter(entry => entry[0] === kind).map(entry => entry[1])
  return {
    files: of('f').map(path => ({ ecosystem: 'x', path, facts: path })),
    texts: of('f').map(path => [path, `text of ${path}`] as const),
    problems: [],
    tree: {
      paths: [...of('f'), ...of('l')],
      directories: of('d'),
      symlinks: entries.filter(entry => entry[0] === 'l').map(entry => [entry[1], entry[2] ?? ''] as const),
      whiteouts: of('w'),
      opaques: of('o'),
    },
  }
}

function visible(layers: readonly LayerFacts[]): readonly string[] {
  const stack = stackLayers(layers)
  return stack.files
    .filter(({ hiddenBy }) => hiddenBy === layers.length)
    .map(({ path, layer: index }) => `${path}@${index}`)
    .sort()
}

describe('engine/stack', () => {
  it('lets an upper file replace a lower one', () => {
    expect(visible([layer(['f', 'a/b']), layer(['f', 'a/b'])])).toEqual(['a/b@1'])
  })

  it('removes by whiteouts, with all that lies below, and only from lower layers', () => {
    const layers = [layer(['f', 'a/b'], ['f', 'a/c/d'], ['f', 'ab']), layer(['w', 'a'], ['f', 'a/new'])]

    expect(visible(layers)).toEqual(['a/new@1', 'ab@0'])
  })

  it('empties opaque directories and keeps what their own layer holds', () => {
    const layers = [layer(['f', 'a/b'], ['f', 'c']), layer(['d', 'a'], ['o', 'a'], ['f', 'a/x'])]

    expect(visible(layers)).toEqual(['a/x@1', 'c@0'])
  })

  it('hides what lies below a directory that a file or link replaces', () => {
    expect(visible([layer(['f', 'a/b/c'], ['f', 'a/d']), layer(['f', 'a/b'])])).toEqual(['a/b@1', 'a/d@0'])
    expect(visible([layer(['f', 'a/b/c']), layer(['l', 'a/b', '/elsewhere'])])).toEqual([])
  })

  it('brings a removed file back when a later layer has it again', () => {
    const layers = [layer(['f', 'a']), layer(['w', 'a']), layer(['f', 'a'])]

    expect(visible(layers)).toEqual(['a@2'])
    expect(stackLayers(layers).files[0]).toMatchObject({ layer: 0, hiddenBy: 1 })
  })

  it('does not take names that only look like whiteouts of a parent for one', () => {
    expect(visible([layer(['f', 'wheel/a'], ['f', 'w/h/a']), layer(['w', 'w/h/b'])])).toEqual(['w/h/a@0', 'wheel/a@0'])
  })

  it('places upper entries where a lower link leads, as an extraction would', () => {
    const layers = [
      layer(['d', 'usr/lib'], ['l', 'lib', 'usr/lib'], ['f', 'usr/lib/a']),
      layer(['f', 'lib/a'], ['f', 'lib/b']),
    ]

    expect(visible(layers)).toEqual(['usr/lib/a@1', 'usr/lib/b@1'])
  })

  it('takes a directory entry over a link for a real directory', () => {
    const layers = [layer(['l', 'lib', 'usr/lib'], ['f', 'usr/lib/a']), layer(['d', 'lib'], ['f', 'lib/a'])]

    expect(visible(layers)).toEqual(['lib/a@1', 'usr/lib/a@0'])
  })

  it('follows relative, absolute and climbing links, and gives up on loops', () => {
    const stack = stackLayers([
      layer(
        ['l', 'var/lib/db', '../../data/db'],
        ['l', 'abs', '/data'],
        ['l', 'up', '../../../data'],
        ['l', 'x', 'y'],
        ['l', 'y', 'x'],
      ),
    ])

    expect(stack.resolve('var/lib/db/status', 0)).toBe('data/db/status')
    expect(stack.resolve('abs/f', 0)).toBe('data/f')
    expect(stack.resolve('up/f', 0)).toBe('data/f')
    expect(stack.resolve('x/f', 0)).toBeUndefined()
  })

  it('reads identification files through links', () => {
    const stack = stackLayers([layer(['f', 'usr/lib/os-release'], ['l', 'etc/os-release', '../usr/lib/os-release'])])

    expect(stack.texts(['etc/os-release']).get('etc/os-release')).toBe('text of usr/lib/os-release')
  })

  it('agrees with extracting layer upon layer', () => {
    const part = fc.constantFrom('a', 'b', 'c')
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
    const entry = fc.tuple(fc.constantFrom('f', 'f', 'd', 'w', 'o') as fc.Arbitrary<'f' | 'd' | 'w' | 'o'>, path)
    const layers = fc.array(fc.uniqueArray(entry, { selector: ([, name]) => name, maxLength: 6 }), {
      minLength: 1,
      maxLength: 5,
    })

    fc.assert(
      fc.property(layers, stacked => {
        const sound = stacked.map(entries => withoutClashes(entries))

        expect(visible(sound.map(entries => layer(...entries)))).toEqual(extract(sound))
      }),
      { numRuns: 2000 },
    )
  })
})

/** A real layer never holds a file and something below it: such an archive has no meaning to compare. */
function withoutClashes(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(
    ([kind, path]) =>
      !entries.some(([other, below]) => below.startsWith(`${path}/`) && kind === 'f' && other !== 'w') &&
      !entries.some(([other, above]) => path.startsWith(`${above}/`) && other === 'w' && kind === 'w'),
  )
}

/** The naive model: one map of files, each layer applied to it as an extraction would. */
function extract(layers: readonly (readonly Entry[])[]): readonly string[] {
  const files = new Map<string, number>()
  const remove = (path: string, itself: boolean) => {
    for (const name of [...files.keys()])
      if (name.startsWith(`${path}/`) || (itself && name === path)) files.delete(name)
  }
  layers.forEach((entries, index) => {
    for (const [kind, path] of entries) {
      if (kind === 'w') remove(path, true)
      if (kind === 'o') remove(path, false)
    }
    for (const [kind, path] of entries) {
      if (kind !== 'f' && kind !== 'd') continue
      for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
        files.delete(path.slice(0, slash))
      if (kind === 'f') remove(path, false)
      files.delete(path)
      if (kind === 'f') files.set(path, index)
    }
  })
  return [...files].map(([path, index]) => `${path}@${index}`).sort()
}

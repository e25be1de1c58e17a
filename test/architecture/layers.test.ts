import { describe, expect, it } from 'vitest'
import { type LayerRule, layerRules } from './layers.ts'
import { importsOf, type SourceFile, sourceFiles } from './sources.ts'

const families = ['ecosystems', 'reports']

/** Every import of a file that its layer's rule does not allow, in words. */
function breaches(file: SourceFile, rules: Readonly<Record<string, LayerRule>>): readonly string[] {
  const layer = file.path.split('/')[0] ?? ''
  const rule = rules[layer]
  if (rule === undefined) return [`${file.path}: the folder ${layer} is in no row of layers.ts`]
  return file.imports.filter(name => !isAllowed(file.path, name, rule)).map(name => `${file.path} imports ${name}`)
}

function isAllowed(path: string, name: string, rule: LayerRule): boolean {
  if (name.startsWith('./')) return true
  if (name.startsWith('../')) return false
  if (name.startsWith('node:')) return rule.node === true
  if (name.startsWith('#')) {
    const [layer = '', plugin = ''] = path.split('/')
    const target = name.slice(1)
    const own = families.includes(layer) && path.split('/').length > 2 ? `${layer}/${plugin}/` : `${layer}/`
    return target.startsWith(own) || rule.may.some(pattern => covers(pattern, target))
  }
  const packageName = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : name.split('/')[0]!
  return rule.packages?.includes(packageName) === true
}

function covers(pattern: string, target: string): boolean {
  if (pattern.includes('*')) {
    const [before = '', after = ''] = pattern.split('*')
    return target.startsWith(before) && target.endsWith(after)
  }
  return pattern.endsWith('.ts') ? target === pattern : target.startsWith(`${pattern}/`)
}

/** The first import cycle found among files, as a chain of paths. */
function findCycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const graph = new Map(files.map(file => [file.path, staticTargets(file)]))
  const state = new Map<string, 'open' | 'done'>()
  const visit = (path: string, chain: readonly string[]): readonly string[] | undefined => {
    if (state.get(path) === 'done') return undefined
    if (state.get(path) === 'open') return [...chain.slice(chain.indexOf(path)), path]
    state.set(path, 'open')
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next, [...chain, path])
      if (cycle !== undefined) return cycle
    }
    state.set(path, 'done')
    return undefined
  }
  for (const path of graph.keys()) {
    const cycle = visit(path, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function staticTargets(file: SourceFile): readonly string[] {
  const folder = file.path.split('/').slice(0, -1).join('/')
  const lazy = new Set([...file.text.matchAll(/import\(\s*['"]([^'"]+)['"]/g)].map(match => match[1]))
  return file.imports
    .filter(name => !lazy.has(name))
    .flatMap(name =>
      name.startsWith('#') ? [name.slice(1)] : name.startsWith('./') ? [`${folder}/${name.slice(2)}`] : [],
    )
}

describe('the layers', () => {
  const files = sourceFiles()

  it('import downwards only', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(files.flatMap(file => breaches(file, layerRules))).toEqual([])
  })

  it('have no import cycles', () => {
    expect(findCycle(files)).toBeUndefined()
  })

  it('would be caught breaking the rules', () => {
    const planted = (path: string, text: string) => breaches({ path, text, imports: importsOf(text) }, layerRules)

    expect(planted('lib/a.ts', `import { x } from '#model/x.ts'`)).toHaveLength(1)
    expect(planted('ecosystems/deb/a.ts', `import { readFile } from 'node:fs'`)).toHaveLength(1)
    expect(planted('ecosystems/deb/a.ts', `import { x } from '#ecosystems/rpm/catalog.ts'`)).toHaveLength(1)
    expect(planted('ecosystems/deb/a.ts', `import { compare } from '#ecosystems/rpm/version.ts'`)).toHaveLength(0)
    expect(planted('engine/a.ts', `const x = await import('#ecosystems/deb/catalog.ts')`)).toHaveLength(1)
    expect(planted('cli/a.ts', `import { x } from '../engine/scan.ts'`)).toHaveLength(1)
    expect(planted('model/a.ts', `import lodash from 'lodash'`)).toHaveLength(1)
    const ring = ['a', 'b'].map((name, index) => {
      const text = `import { x } from './${index === 0 ? 'b' : 'a'}.ts'`
      return { path: `lib/${name}.ts`, text, imports: importsOf(text) }
    })
    expect(findCycle(ring)).toEqual(['lib/a.ts', 'lib/b.ts', 'lib/a.ts'])
  })

  it('keep the field’s words out of lib and io', () => {
    const words = ['advisory', 'advisories', 'cve', 'purl', 'sbom', 'vex', 'waiver', 'verdict', 'vulnerability']
    const named = files
      .filter(({ path }) => /^(?:lib|io)\//.test(path))
      .flatMap(({ path, text }) => {
        const exported = [...text.matchAll(/^export (?:async )?(?:function|const|class|interface|type) (\w+)/gm)].map(
          match => match[1]!,
        )
        return [path, ...exported].filter(name => words.some(word => name.toLowerCase().includes(word)))
      })

    expect(named).toEqual([])
  })
})

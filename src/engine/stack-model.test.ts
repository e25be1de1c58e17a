import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LayerFacts } from './layer-facts.ts'
import { stackLayers } from './stack.ts'

/** One entry of a made layer: a file, directory, link, whiteout or opaque mark. */
interface Entry {
  readonly kind: 'f' | 'd' | 'l' | 'w' | 'o'
  readonly path: string
  readonly target: string
}

/** A file system as a runtime unpacks layers into it: slow, obvious, and nothing like what is tested. */
type Node = { readonly layer: number } | { readonly link: string; readonly layer: number } | Map<string, Node>

/** What no runtime could unpack, or would unpack by the order of entries within one layer. */
class Unclear extends Error {}

const part = fc.constantFrom('a', 'b', 'c')
const short = fc.array(part, { minLength: 1, maxLength: 2 }).map(parts => parts.join('/'))
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
const target = fc.oneof(
  short.map(text => `/${text}`),
  short.map(text => `../${text}`),
)
const entry: fc.Arbitrary<Entry> = fc.record({
  kind: fc.constantFrom('f', 'f', 'f', 'd', 'l', 'l', 'w', 'o'),
  path,
  target,
})
const layer = fc.uniqueArray(entry, { minLength: 1, maxLength: 4, selector: ({ path: name }) => name })

function factsOf(entries: readonly Entry[]): LayerFacts {
  const of = (kind: Entry['kind']) => entries.filter(item => item.kind === kind).map(item => item.path)
  return {
    files: of('f').map(name => ({ ecosystem: 'x', path: name, facts: name })),
    texts: [],
    problems: [],
    tree: {
      paths: [...of('f'), ...of('l')],
      directories: of('d'),
      symlinks: entries.filter(({ kind }) => kind === 'l').map(item => [item.path, item.target] as const),
      whiteouts: of('w'),
      opaques: of('o'),
    },
  }
}

/** The directory that a path leads to, links followed; made where it is missing and `make` says so. */
function walk(
  root: Map<string, Node>,
  names: readonly string[],
  make: number | undefined,
): Map<string, Node> | undefined {
  const rest = [...names]
  const trail: Map<string, Node>[] = [root]
  let steps = 0
  while (rest.length > 0) {
    if (steps++ > 30) throw new Unclear()
    const name = rest.shift()!
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (trail.length > 1) trail.pop()
      continue
    }
    const here = trail.at(-1)!
    let node = here.get(name)
    if (node === undefined) {
      if (make === undefined) return undefined
      if (steps > names.length) throw new Unclear()
      node = new Map()
      here.set(name, node)
    }
    if (node instanceof Map) trail.push(node)
    else if (!('link' in node) || node.layer === make) throw new Unclear()
    else {
      if (node.link.startsWith('/')) trail.length = 1
      rest.unshift(...node.link.split('/'))
      // A link that leads nowhere cannot be written through.
      steps += names.length
    }
  }
  return trail.at(-1)
}

/** True for what this layer itself has put there. */
function holdsLayer(node: Node, layer: number): boolean {
  if (!(node instanceof Map)) return node.layer === layer
  return [...node.values()].some(inner => holdsLayer(inner, layer))
}

function unpack(layers: readonly (readonly Entry[])[]): readonly string[] {
  const root = new Map<string, Node>()
  layers.forEach((entries, index) => {
    const place = (name: string, make: number | undefined) => {
      const names = name.split('/')
      const last = names.pop()!
      return { directory: walk(root, names, make), last }
    }
    for (const { kind, path: name } of entries) {
      if (kind !== 'w' && kind !== 'o') continue
      const { directory, last } = place(name, undefined)
      const node = directory?.get(last)
      if (kind === 'w') directory?.delete(last)
      else if (node instanceof Map) node.clear()
      else if (node !== undefined) throw new Unclear()
    }
    // A directory comes before what is in it, by whatever name.
    for (const { kind, path: name, target: link } of entries.toSorted(
      (a, b) => Number(b.kind === 'd') - Number(a.kind === 'd') || (a.kind === 'd' ? a.path.length - b.path.length : 0),
    )) {
      if (kind === 'w' || kind === 'o') continue
      const { directory, last } = place(name, index)
      const node = directory!.get(last)
      if (node !== undefined && holdsLayer(node, index)) throw new Unclear()
      if (kind === 'd') {
        if (!(node instanceof Map)) directory!.set(last, new Map())
      } else directory!.set(last, kind === 'f' ? { layer: index } : { link, layer: index })
    }
  })
  const seen: string[] = []
  const list = (directory: Map<string, Node>, above: string) => {
    for (const [name, node] of directory) {
      if (node instanceof Map) list(node, `${above}${name}/`)
      else if (!('link' in node)) seen.push(`${above}${name}@${node.layer}`)
    }
  }
  list(root, '')
  return seen.sort()
}

/** True where a layer speaks twice of one place: what comes of it depends on the order of its entries. */
function isTangled(entries: readonly Entry[]): boolean {
  return entries.some(({ kind, path: name }) =>
    entries.some(
      other =>
        other.path !== name &&
        other.path.startsWith(`${name}/`) &&
        (kind === 'f' || kind === 'l' || kind === 'w' || other.kind === 'w' || other.kind === 'o' || kind === 'o'),
    ),
  )
}

describe('engine/stack', () => {
  it('shows what a runtime unpacks, for any layers', () => {
    let compared = 0

    fc.assert(
      fc.property(fc.array(layer, { minLength: 2, maxLength: 5 }), layers => {
        if (layers.some(isTangled)) return
        let expected: readonly string[]
        try {
          expected = unpack(layers)
        } catch (error) {
          if (error instanceof Unclear) return
          throw error
        }
        compared++
        const stack = stackLayers(layers.map(factsOf))
        const visible = stack.files
          .filter(({ hiddenBy }) => hiddenBy === layers.length)
          .map(({ path: name, layer: index }) => `${name}@${index}`)
        expect(visible.sort()).toEqual(expected)
      }),
      { numRuns: 30_000 },
    )

    expect(compared).toBeGreaterThan(1000)
  })
})

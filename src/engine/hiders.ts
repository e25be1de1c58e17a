import { directoryName } from '#lib/text.ts'

/** What one layer puts over the layers below it, at the paths where it lands. */
export interface Cover {
  /** Files, links and other entries that are no directories, and what whiteouts name. */
  readonly solid: Iterable<string>
  readonly directories: Iterable<string>
  readonly opaques: Iterable<string>
}

/** Layers in ascending order; mostly there is one, and then no list is made for it. */
type Layers = number | readonly number[]

/**
 * Knows which layers hide a path of a layer below them. One index of all layers: time for a path does not grow with
 * the number of layers, nor memory with their number times that of paths.
 */
export class Hiders {
  readonly #solid = new Map<string, Layers>()
  readonly #directories = new Map<string, Layers>()
  readonly #opaques = new Map<string, Layers>()
  readonly #covers = new Map<string, Layers | undefined>()

  /** Takes in a layer above those that it has. */
  add(layer: number, cover: Cover): void {
    for (const path of cover.solid) append(this.#solid, path, layer)
    for (const path of cover.directories) append(this.#directories, path, layer)
    for (const path of cover.opaques) append(this.#opaques, path, layer)
    this.#covers.clear()
  }

  /** The lowest layer above `from` through which an entry of that path, which is no directory, cannot be seen. */
  next(path: string, from: number): number | undefined {
    const layer = Math.min(
      after(this.#solid.get(path), from),
      after(this.#directories.get(path), from),
      after(this.#covering(directoryName(path)), from),
    )
    return layer === Number.POSITIVE_INFINITY ? undefined : layer
  }

  /** Layers that hide everything below a directory of the layers below them. */
  #covering(directory: string): Layers | undefined {
    if (directory === '') return this.#opaques.get('')
    if (this.#covers.has(directory)) return this.#covers.get(directory)
    const own = joined(this.#solid.get(directory), this.#opaques.get(directory))
    const all = joined(own, this.#covering(directoryName(directory)))
    this.#covers.set(directory, all)
    return all
  }
}

function append(index: Map<string, Layers>, path: string, layer: number): void {
  const known = index.get(path)
  if (known === undefined) index.set(path, layer)
  else if (typeof known !== 'number') {
    if (known.at(-1) !== layer) (known as number[]).push(layer)
  } else if (known !== layer) index.set(path, [known, layer])
}

function after(layers: Layers | undefined, from: number): number {
  if (layers === undefined) return Number.POSITIVE_INFINITY
  if (typeof layers === 'number') return layers > from ? layers : Number.POSITIVE_INFINITY
  return layers.find(layer => layer > from) ?? Number.POSITIVE_INFINITY
}

function joined(a: Layers | undefined, b: Layers | undefined): Layers | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return [...new Set([a, b].flat())].sort((one, other) => one - other)
}

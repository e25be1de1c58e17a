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
 * Knows which layers hide a watched path of a layer below them. Only what can hide one is kept: nearly all entries of an
 * image are files that nobody asks about, and those of the lowest layer hide nothing at all.
 */
export class Hiders {
  readonly #watched = new Set<string>()
  /** The directories that watched paths are in. */
  readonly #above = new Set<string>()
  readonly #solid = new Map<string, Layers>()
  readonly #directories = new Map<string, Layers>()
  readonly #opaques = new Map<string, Layers>()
  readonly #covers = new Map<string, Layers | undefined>()

  /** From the layers that are added now on, `next` can be asked about the path. */
  watch(path: string): void {
    if (this.#watched.has(path)) return
    this.#watched.add(path)
    for (let part = directoryName(path); part !== '' && !this.#above.has(part); part = directoryName(part))
      this.#above.add(part)
  }

  /** True for directories that watched paths are in, at any depth: what lies elsewhere hides nothing. */
  watchesIn(directory: string): boolean {
    return directory === '' ? this.#watched.size > 0 : this.#above.has(directory)
  }

  /** Takes in a layer above those that it has. */
  add(layer: number, cover: Cover): void {
    for (const path of cover.solid)
      if (this.#watched.has(path) || this.#above.has(path)) append(this.#solid, path, layer)
    for (const path of cover.directories) if (this.#watched.has(path)) append(this.#directories, path, layer)
    for (const path of cover.opaques) append(this.#opaques, path, layer)
    this.#covers.clear()
  }

  /** Frees what only further layers would need. */
  settle(): void {
    this.#watched.clear()
    this.#above.clear()
    this.#covers.clear()
  }

  /** The lowest layer above `from` through which a watched entry of that path, which is no directory, cannot be seen. */
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
  let low = 0
  let high = layers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (layers[middle]! > from) high = middle
    else low = middle + 1
  }
  return layers[low] ?? Number.POSITIVE_INFINITY
}

function joined(a: Layers | undefined, b: Layers | undefined): Layers | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return [...new Set([a, b].flat())].sort((one, other) => one - other)
}

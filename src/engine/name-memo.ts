import type { Ecosystem, FileInfo, TreeMode } from '#ecosystems/types.ts'
import { baseName } from '#lib/text.ts'
import { distroFiles } from '#model/distro.ts'

/** So many ends of names are remembered; trees of more have ends that hardly come twice. */
const maxEnds = 20_000

const distroNames: readonly string[] = distroFiles.map(baseName)

/** What a file's name tells before anything else is known of it. */
export interface NameUse<T> {
  /** Those of whom `wants` may be true, in their order. */
  readonly askers: readonly T[]
  /** False where no file of this name identifies a distribution. */
  readonly mayIdentify: boolean
}

const noUse: NameUse<never> = { askers: [], mayIdentify: false }

/** The use of all names of one end, but for those that are named. */
interface EndUse<T> {
  readonly use: NameUse<T>
  readonly named: ReadonlyMap<string, NameUse<T>> | undefined
}

/**
 * Knows the use of names: of the many files of a directory, few have any. Remembered by the end of the name, since an
 * image has thousands of names and some hundred ends.
 */
export class NameMemo<T extends { readonly ecosystem: Ecosystem }> {
  readonly #readers: readonly T[]
  /** Those who want whole directories. */
  readonly #gatherers: readonly T[]
  readonly #ends = new Map<string, EndUse<T>>()
  #directory = ''
  #gathering: readonly T[] = []

  constructor(readers: readonly T[]) {
    this.#readers = readers
    this.#gatherers = readers.filter(({ ecosystem }) => ecosystem.mayWantAllIn !== undefined)
    const names = new Set([...distroNames, ...readers.flatMap(({ ecosystem }) => ecosystem.names ?? [])])
    for (const [end, those] of Map.groupBy(names, name => endOf(name, 0))) this.#ends.set(end, this.#learn(end, those))
    this.#enter('')
  }

  /** The use of a path; `noUse` for most. */
  useAt(path: string): NameUse<T> {
    const start = path.lastIndexOf('/') + 1
    if (start !== this.#directory.length || !path.startsWith(this.#directory)) this.#enter(path.slice(0, start))
    return this.#with(this.#useOf(path, start))
  }

  /** `directory` is empty or ends with `/`. */
  useIn(directory: string, name: string): NameUse<T> {
    if (directory !== this.#directory) this.#enter(directory)
    return this.#with(this.#useOf(name, 0))
  }

  #enter(directory: string): void {
    this.#directory = directory
    this.#gathering = noUse.askers
    for (const one of this.#gatherers) {
      if (one.ecosystem.mayWantAllIn!(directory)) this.#gathering = [...this.#gathering, one]
    }
  }

  #with(use: NameUse<T>): NameUse<T> {
    if (this.#gathering.length === 0) return use
    const askers = this.#readers.filter(reader => use.askers.includes(reader) || this.#gathering.includes(reader))
    return { askers, mayIdentify: use.mayIdentify }
  }

  /** The use of the name that begins at `start`. */
  #useOf(path: string, start: number): NameUse<T> {
    const end = endOf(path, start)
    let known = this.#ends.get(end)
    if (known === undefined) {
      known = this.#learn(end)
      if (this.#ends.size < maxEnds) this.#ends.set(end, known)
    }
    return known.named?.get(path.slice(start)) ?? known.use
  }

  #learn(end: string, names: readonly string[] = []): EndUse<T> {
    const enders = this.#readers.filter(({ ecosystem }) => ecosystem.mayWantEnd?.(end))
    const named = names.map((name): [string, NameUse<T>] => {
      const askers = this.#readers.filter(one => enders.includes(one) || one.ecosystem.names?.includes(name))
      return [name, { askers, mayIdentify: distroNames.includes(name) }]
    })
    const use = enders.length === 0 ? noUse : { askers: enders, mayIdentify: false }
    return { use, named: named.length === 0 ? undefined : new Map(named) }
  }
}

/** From the last dot on of the name that begins at `start`; empty where it has none. */
function endOf(path: string, start: number): string {
  const dot = path.lastIndexOf('.')
  return dot < start ? '' : path.slice(dot)
}

/** True where no ecosystem wants a file of this use, and nothing is to be told from its text. */
export function isUseless(use: NameUse<unknown>): boolean {
  return use.askers.length === 0 && !use.mayIdentify
}

/** True where one of the askers, of this kind if one is named, wants the file. Called for every file: allocates nothing. */
export function isWantedBy(
  askers: readonly { readonly ecosystem: Ecosystem }[],
  file: FileInfo,
  mode: TreeMode,
  kind?: Ecosystem['kind'],
): boolean {
  for (let at = 0; at < askers.length; at++) {
    const { ecosystem } = askers[at]!
    if ((kind === undefined || ecosystem.kind === kind) && ecosystem.wants(file, mode)) return true
  }
  return false
}

import type { Ecosystem, FileInfo, TreeMode } from '#ecosystems/types.ts'
import { baseName } from '#lib/text.ts'
import { distroFiles } from '#model/distro.ts'

/** So many names are remembered; trees of more have names that hardly come twice. */
const maxNames = 20_000

const distroNames: readonly string[] = distroFiles.map(baseName)

/** What a file's name tells before anything else is known of it. */
export interface NameUse<T> {
  /** Those of whom `wants` may be true, in their order. */
  readonly askers: readonly T[]
  /** False where no file of this name identifies a distribution. */
  readonly mayIdentify: boolean
}

const noUse: NameUse<never> = { askers: [], mayIdentify: false }

/** Knows the use of names: of the many files of a directory, few have any. */
export class NameMemo<T extends { readonly ecosystem: Ecosystem }> {
  readonly #readers: readonly T[]
  /** Those who want whole directories. */
  readonly #gatherers: readonly T[]
  readonly #known = new Map<string, NameUse<T>>()
  #directory = ''
  #gathering: readonly T[] = []

  constructor(readers: readonly T[]) {
    this.#readers = readers
    this.#gatherers = readers.filter(({ ecosystem }) => ecosystem.mayWantAllIn !== undefined)
    this.#enter('')
  }

  /** The use of a path; `noUse` for most. */
  useAt(path: string): NameUse<T> {
    const start = path.lastIndexOf('/') + 1
    if (start !== this.#directory.length || !path.startsWith(this.#directory)) this.#enter(path.slice(0, start))
    return this.#with(this.#useOf(path.slice(start)))
  }

  /** `directory` is empty or ends with `/`. */
  useIn(directory: string, name: string): NameUse<T> {
    if (directory !== this.#directory) this.#enter(directory)
    return this.#with(this.#useOf(name))
  }

  #enter(directory: string): void {
    this.#directory = directory
    this.#gathering = this.#gatherers.filter(({ ecosystem }) => ecosystem.mayWantAllIn!(directory))
  }

  #with(use: NameUse<T>): NameUse<T> {
    if (this.#gathering.length === 0) return use
    const askers = this.#readers.filter(reader => use.askers.includes(reader) || this.#gathering.includes(reader))
    return { askers, mayIdentify: use.mayIdentify }
  }

  #useOf(name: string): NameUse<T> {
    const all = this.#known
    const known = all.get(name)
    if (known !== undefined) return known
    const readers = this.#readers
    let askers: readonly T[] = noUse.askers
    for (let at = 0; at < readers.length; at++) {
      const reader = readers[at]!
      if (reader.ecosystem.mayWant(name)) askers = [...askers, reader]
    }
    const mayIdentify = distroNames.includes(name)
    const use = askers.length === 0 && !mayIdentify ? noUse : { askers, mayIdentify }
    if (all.size < maxNames) all.set(name, use)
    return use
  }
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

import type { Ecosystem } from '#ecosystems/types.ts'
import { baseName } from '#lib/text.ts'
import { distroFiles } from '#model/distro.ts'

/** So many names are remembered; trees of more have names that hardly come twice. */
const maxNames = 20_000

const distroNames: readonly string[] = distroFiles.map(baseName)

/** Knows the names that nobody may want: of the many files of a directory, few have another. */
export class NameMemo {
  readonly #ecosystems: readonly Ecosystem[]
  readonly #known = new Map<string, boolean>()
  #directory: string | undefined
  #takesAll = false

  constructor(ecosystems: readonly Ecosystem[]) {
    this.#ecosystems = ecosystems
  }

  /** `directory` is empty or ends with `/`. Where this is false, no `wants` is true, and no text is asked for. */
  mayBeWanted(directory: string, name: string): boolean {
    if (directory !== this.#directory) {
      this.#directory = directory
      this.#takesAll = this.#ecosystems.some(({ mayWantAllIn }) => mayWantAllIn?.(directory))
    }
    return this.#takesAll || this.#isOfUse(name)
  }

  /** The same of a whole path: cheaper than to ask every ecosystem. */
  mayBeWantedAt(path: string): boolean {
    const start = path.lastIndexOf('/') + 1
    return this.mayBeWanted(path.slice(0, start), path.slice(start))
  }

  #isOfUse(name: string): boolean {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const isOfUse = distroNames.includes(name) || this.#ecosystems.some(({ mayWant }) => mayWant(name))
    if (this.#known.size < maxNames) this.#known.set(name, isOfUse)
    return isOfUse
  }
}

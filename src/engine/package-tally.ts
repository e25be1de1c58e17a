import { type Limits, limitDetail } from '#model/limits.ts'

/** Where there is no more room, files above this size are not even parsed: each may list very many again. */
const maxBytesWhenFull = 1024 * 1024

/** Counts the packages that the files of a target list, while their facts are read into memory. */
export class PackageTally {
  readonly #limits: Limits
  #listed = 0
  #isFull = false

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Counts a file that lists so many packages, or tells why it is not to be kept, and is not counted. */
  refusal(packages: number): string | undefined {
    if (packages > this.#limits['target-packages'])
      return limitDetail(`The file lists ${packages} packages`, 'target-packages', this.#limits)
    return this.refusalOfAll(packages)
  }

  /** The same of all files of a layer. */
  refusalOfAll(packages: number): string | undefined {
    if (this.#listed + packages > this.#limits['listed-packages']) {
      this.#isFull = true
      return this.#fullness()
    }
    this.#listed += packages
    return undefined
  }

  /** Why a file of so many bytes is not to be read, if it is not. */
  refusalUnread(bytes: number): string | undefined {
    return this.#isFull && bytes > maxBytesWhenFull ? this.#fullness() : undefined
  }

  #fullness(): string {
    return limitDetail('Too many packages are listed, these are left out', 'listed-packages', this.#limits)
  }
}

import { ecosystems } from '#ecosystems/index.ts'
import type { Cataloger, FileFacts, Matching, TreeMode } from '#ecosystems/types.ts'
import type { Distro } from '#model/distro.ts'
import type { Package } from '#model/package.ts'
import { parsePurl } from '#model/purl.ts'
import { fileHandle } from '#test/ecosystems/file-handle.ts'
import { type FuzzTarget, promise } from '#tools/fuzz/target.ts'

/** A reader of one kind of file. */
export interface ReaderTarget extends Pick<FuzzTarget, 'name' | 'covers' | 'seeds' | 'words' | 'maxLength'> {
  readonly ecosystem: string
  /** The path by which the reader knows the format. */
  readonly path: string
  readonly mode?: TreeMode
  readonly file?: (bytes: Uint8Array) => ReturnType<typeof fileHandle>
}

const distro: Distro = { id: 'debian', version: '12', name: 'Debian GNU/Linux 12' }

/**
 * Reads one file, puts packages together from it and asks for their advisories: what a scan does with it. Holds the
 * promises that reports rely on: facts survive the cache, every package has a purl that can be read.
 */
export function readerTarget(options: ReaderTarget): FuzzTarget {
  const { name, covers, seeds, words, maxLength, path, mode = 'installed' } = options
  const ecosystem = ecosystems.find(({ id }) => id === options.ecosystem)
  if (ecosystem === undefined) throw new Error(`There is no ecosystem ${options.ecosystem}`)
  let loaded: Promise<readonly [Cataloger, Matching]> | undefined
  const run = async (bytes: Uint8Array) => {
    loaded ??= Promise.all([ecosystem.load(), ecosystem.loadMatching()])
    const [cataloger, matching] = await loaded
    const file = options.file?.(bytes) ?? fileHandle(path, bytes, 0o755)
    const read = cataloger.read(file, { mayProve: () => true })
    if (read !== undefined) assemble({ cataloger, matching, read, path, mode })
  }
  return { name, covers, seeds, words, maxLength, throws: 'errors', run }
}

function assemble(used: {
  readonly cataloger: Cataloger
  readonly matching: Matching
  readonly read: FileFacts
  readonly path: string
  readonly mode: TreeMode
}): void {
  const { cataloger, matching, read, path, mode } = used
  const text = JSON.stringify(read.facts)
  promise(text.length < 64 * 2 ** 20, 'facts of a small file are above 64 MiB')
  const cached = { path, facts: JSON.parse(text) }
  const files = [cached]
  const at = (wanted: string) => (wanted === path ? cached : undefined)
  // What `assemble` throws becomes a problem, but nothing that `read` accepts may make it throw a bug.
  const { packages } = cataloger.assemble({ mode, distro, files, at })
  for (const found of packages) {
    promise(parsePurl(found.purl) !== undefined, `a package has the purl ${found.purl}`)
    promise(found.name !== '', 'a package has no name')
    promise(found.locations.length > 0, 'a package is nowhere')
    for (const query of matching.queries(found as Package, distro)) promise(query.ecosystem !== '', 'an empty question')
  }
  for (const [index, found] of packages.slice(0, 20).entries()) {
    const before = packages[index - 1]
    if (before !== undefined) holdOrder(matching.compare, before.version, found.version)
  }
}

/** An order says the same of two versions from either side, and that each is itself. */
export function holdOrder(compare: (a: string, b: string) => number, a: string, b: string): void {
  const forth = Math.sign(compare(a, b))
  promise(!Number.isNaN(forth), 'versions have no order')
  promise(forth + Math.sign(compare(b, a)) === 0, `${JSON.stringify([a, b])} are in another order from the other side`)
  promise(compare(a, a) === 0, `${JSON.stringify(a)} is not itself`)
}

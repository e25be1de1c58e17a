import type { ReadContext } from '#ecosystems/types.ts'
import { LimitError } from '#lib/limit-error.ts'
import { type Header, tags } from './header.ts'

/** A file that a package claims, with its recorded digest where there is one. */
export type FileRow = readonly [path: string, digest?: string]

/**
 * Characters of paths that the packages of one database may still have: directories are stored once and named by number,
 * so that a small header can stand for very many characters.
 */
export interface PathBudget {
  /** Of all paths that are put together. */
  looked: number
  /** Of those that are kept. */
  kept: number
}

/** A budget for a fresh database; the largest real ones use a tenth of it. */
export function pathBudget(): PathBudget {
  return { looked: 512 * 1024 * 1024, kept: 32 * 1024 * 1024 }
}

/** Longer paths cannot exist (`PATH_MAX`). */
const maxPath = 4096

/** rpm's numbers of digest algorithms, and how many hexadecimal digits they give. */
const algorithms: ReadonlyMap<number, readonly [name: string, digits: number]> = new Map([
  [1, ['md5', 32]],
  [2, ['sha1', 40]],
  [8, ['sha256', 64]],
  [9, ['sha384', 96]],
  [10, ['sha512', 128]],
  [11, ['sha224', 56]],
])

/**
 * The files of a package that could prove another one. Throws `Damage` where the lists are cut off, `LimitError` where
 * they are beyond all measure.
 */
export function readFileList(header: Header, context: ReadContext, budget: PathBudget): readonly FileRow[] {
  const rows: FileRow[] = []
  const algorithm = algorithms.get(header.numbers(tags.fileDigestAlgo)[0] ?? 1)
  let digests: readonly string[] | undefined
  for (const [index, path] of paths(header)) {
    if ((budget.looked -= path.length) < 0) throw new LimitError('The paths of all packages are too long')
    if (!context.mayProve(path)) continue
    if ((budget.kept -= path.length) < 0) throw new LimitError('The paths that matter are too long')
    digests ??= header.strings(tags.fileDigests)
    const digest = digests[index]
    // Directories, links and files that are made later have an empty digest.
    if (algorithm !== undefined && digest?.length === algorithm[1]) rows.push([path, `${algorithm[0]}:${digest}`])
    else rows.push([path])
  }
  return rows
}

/** Paths without their leading `/`, by index; what cannot be one is left out. */
function* paths(header: Header): Generator<readonly [index: number, path: string]> {
  const baseNames = header.strings(tags.baseNames)
  // Packages of rpm 3 list whole paths instead.
  const names = baseNames.length === 0 ? header.strings(tags.oldFileNames) : baseNames
  const dirNames = baseNames.length === 0 ? undefined : header.strings(tags.dirNames)
  const dirIndexes = header.numbers(tags.dirIndexes)
  for (const [index, name] of names.entries()) {
    const directory = dirNames === undefined ? '' : dirNames[dirIndexes[index] ?? -1]
    if (directory === undefined || directory.length + name.length > maxPath) continue
    const path = directory + name
    if (path !== '' && path !== '/') yield [index, path.startsWith('/') ? path.slice(1) : path]
  }
}

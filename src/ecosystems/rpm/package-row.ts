import type { ReadContext } from '#ecosystems/types.ts'
import { Damage } from './damage.ts'
import { type Header, tags } from './header.ts'

/** A file that a package claims, with its recorded digest where there is one. */
export type FileRow = readonly [path: string, digest?: string]

/** One installed package as its header says: plain data, cached with the layer. */
export interface PackageRow {
  readonly name: string
  readonly version: string
  readonly release: string
  /** Absent where the header has none or 0, which rpm does not tell apart. */
  readonly epoch?: number
  readonly arch?: string
  /** File name of the source package: `bash-5.1.8-6.el9.src.rpm`. */
  readonly sourceRpm?: string
  readonly license?: string
  /** `name:stream:version:context`. */
  readonly modularity?: string
  readonly files?: readonly FileRow[]
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
 * The package of a header; undefined for `gpg-pubkey`, which rpm keeps among the packages but is a key. Throws `Damage`
 * where there is no name or version, `LimitError` where the file list is beyond all measure.
 */
export function readPackage(header: Header, context: ReadContext): PackageRow | undefined {
  const name = header.string(tags.name)
  const version = header.string(tags.version)
  if (!name || !version) throw new Damage('unreadable', 'A header has no name or no version')
  if (name === 'gpg-pubkey') return undefined
  const epoch = header.numbers(tags.epoch)[0]
  const arch = header.string(tags.arch)
  const sourceRpm = header.string(tags.sourceRpm)
  const license = header.string(tags.license)
  const modularity = header.string(tags.modularityLabel)
  const files = readFiles(header, context)
  return {
    name,
    version,
    release: header.string(tags.release) ?? '',
    ...(epoch && { epoch }),
    ...(arch && { arch }),
    ...(sourceRpm && { sourceRpm }),
    ...(license && { license }),
    ...(modularity && { modularity }),
    ...(files.length > 0 && { files }),
  }
}

function readFiles(header: Header, context: ReadContext): readonly FileRow[] {
  const baseNames = header.strings(tags.baseNames)
  // Packages of rpm 3 list whole paths instead.
  if (baseNames.length === 0) return pickFiles(header, context, header.strings(tags.oldFileNames))
  const dirNames = header.strings(tags.dirNames)
  const dirIndexes = header.numbers(tags.dirIndexes)
  const paths = baseNames.map((baseName, index) => {
    const directory = dirNames[dirIndexes[index] ?? -1]
    const fits = directory !== undefined && directory.length + baseName.length <= maxPath
    return fits ? directory + baseName : ''
  })
  return pickFiles(header, context, paths)
}

function pickFiles(header: Header, context: ReadContext, paths: readonly string[]): readonly FileRow[] {
  const rows: FileRow[] = []
  let digests: readonly string[] | undefined
  const algorithm = algorithms.get(header.numbers(tags.fileDigestAlgo)[0] ?? 1)
  for (const [index, absolute] of paths.entries()) {
    if (absolute === '' || absolute.length > maxPath) continue
    const path = absolute.startsWith('/') ? absolute.slice(1) : absolute
    if (!context.mayProve(path)) continue
    digests ??= header.strings(tags.fileDigests)
    const digest = digests[index]
    // Directories, links and files that are made later have an empty digest.
    if (algorithm !== undefined && digest?.length === algorithm[1]) rows.push([path, `${algorithm[0]}:${digest}`])
    else rows.push([path])
  }
  return rows
}

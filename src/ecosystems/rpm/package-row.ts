import { Damage } from './damage.ts'
import type { FileRow } from './file-list.ts'
import { type Header, tags } from './header.ts'

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

/**
 * The package of a header, without its files; undefined for `gpg-pubkey`, which rpm keeps among the packages but is a
 * key. Throws `Damage` where there is no name or version.
 */
export function readPackage(header: Header): PackageRow | undefined {
  const name = header.string(tags.name)
  const version = header.string(tags.version)
  if (!name || !version) throw new Damage('unreadable', 'A header has no name or no version')
  if (name === 'gpg-pubkey') return undefined
  const epoch = header.numbers(tags.epoch)[0]
  const arch = header.string(tags.arch)
  const sourceRpm = header.string(tags.sourceRpm)
  const license = header.string(tags.license)
  const modularity = header.string(tags.modularityLabel)
  return {
    name,
    version,
    release: header.string(tags.release) ?? '',
    ...(epoch && { epoch }),
    ...(arch && { arch }),
    ...(sourceRpm && { sourceRpm }),
    ...(license && { license }),
    ...(modularity && { modularity }),
  }
}

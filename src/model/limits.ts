/**
 * Every bound that a person may have to raise, in one place. A target that meets one gets a problem at the place where
 * it did, the rest of it is still read, and the verdict is `incomplete`. The values are far above real images and far
 * below what hurts the machine. Bounds of a format's own structure stay beside its parser; `docs/reference/limits.md`
 * lists both.
 */
const table = [
  {
    name: 'target-bytes',
    unit: 'bytes',
    value: 256 * 2 ** 30,
    what: 'Uncompressed bytes of all layers of a target; also the size of an archive that is unpacked to be read',
  },
  { name: 'target-layers', unit: 'count', value: 1000, what: 'Layers of an image; engines allow 127' },
  { name: 'target-entries', unit: 'count', value: 1_500_000, what: 'Files, directories and links of all layers' },
  {
    name: 'target-packages',
    unit: 'count',
    value: 110_000,
    what: 'Packages that the files of a target list, without those that a higher layer hides; also those of any one file',
  },
  {
    name: 'listed-packages',
    unit: 'count',
    value: 150_000,
    what: 'Packages that the files of all layers list, also where a higher layer lists them again',
  },
  {
    name: 'target-seconds',
    unit: 'seconds',
    value: 4 * 3600,
    what: 'Time for reading the layers of a target, downloads included',
  },
  { name: 'layer-bytes', unit: 'bytes', value: 64 * 2 ** 30, what: 'Uncompressed bytes of one layer' },
  { name: 'layer-entries', unit: 'count', value: 1_000_000, what: 'Files, directories and links of one layer' },
  {
    name: 'inflate-ratio',
    unit: 'times',
    value: 200,
    what: 'Uncompressed to stored bytes, of one layer and of all together; real layers have 2 to 20',
  },
  {
    name: 'inflate-ratio-from',
    unit: 'bytes',
    value: 4 * 2 ** 30,
    what: 'Uncompressed bytes from which on the ratio counts',
  },
  { name: 'file-bytes', unit: 'bytes', value: 4 * 2 ** 30, what: 'One file that a reader wants' },
  {
    name: 'document-bytes',
    unit: 'bytes',
    value: 64 * 2 ** 20,
    what: 'One file that is parsed as a whole: a lock file, a package database of text',
  },
  {
    name: 'memory-bytes',
    unit: 'bytes',
    value: 32 * 2 ** 20,
    what: 'A wanted file of a compressed layer above this size is kept in a temporary file, not in memory',
  },
  { name: 'archive-depth', unit: 'count', value: 8, what: 'Archives inside archives, such as jars in a war' },
  { name: 'archive-count', unit: 'count', value: 10_000, what: 'Archives inside one file' },
  {
    name: 'archive-bytes',
    unit: 'bytes',
    value: 2 ** 30,
    what: 'Bytes inflated from the archives inside one file, in all',
  },
  {
    name: 'archive-memory',
    unit: 'bytes',
    value: 192 * 2 ** 20,
    what: 'Bytes of archives inside archives that are held at one time',
  },
] as const

/** What a limit's value counts. */
export type LimitUnit = 'bytes' | 'count' | 'times' | 'seconds'

/** A limit as the reference and the command line know it. */
export interface LimitDefinition {
  readonly name: LimitName
  readonly unit: LimitUnit
  /** The value where nobody says otherwise. */
  readonly value: number
  readonly what: string
}

export type LimitName = (typeof table)[number]['name']

/** A value for every limit. */
export type Limits = Readonly<Record<LimitName, number>>

/** Every limit, in the order of the reference. */
export const limitDefinitions: readonly LimitDefinition[] = table

/** The values where nobody says otherwise. */
export const defaultLimits: Limits = limitsWith({})

/** The defaults with some values of one's own. */
export function limitsWith(own: Partial<Limits>): Limits {
  const values = Object.fromEntries(table.map(({ name, value }) => [name, own[name] ?? value]))
  return values as Record<LimitName, number>
}

/** What a problem says where a limit was met: the bound, and the name by which it can be raised. */
export function limitDetail(what: string, name: LimitName, limits: Limits): string {
  return `${what} (limit ${name}=${limits[name]})`
}

/**
 * Reads `NAME=VALUE` as the command line has it; the value is a whole number from 1 on, of bytes also with `K`, `M`,
 * `G` or `T` behind it (powers of 1024, `KiB` and `KB` mean the same). Undefined where it is anything else.
 */
export function parseLimit(text: string): { readonly name: LimitName; readonly value: number } | undefined {
  const parts = /^([a-z-]+)=(\d{1,15})(?:([KMGT])(?:i?B)?)?$/i.exec(text)
  const known = table.find(({ name }) => name === parts?.[1])
  if (parts === null || known === undefined) return undefined
  const suffix = parts[3]?.toUpperCase()
  if (suffix !== undefined && known.unit !== 'bytes') return undefined
  const value = Number(parts[2]) * (suffix === undefined ? 1 : 1024 ** ('KMGT'.indexOf(suffix) + 1))
  return Number.isSafeInteger(value) && value > 0 ? { name: known.name, value } : undefined
}

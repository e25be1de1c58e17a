/** Where rpm keeps its database, in the order in which one tree may have several. */
const directories = ['usr/lib/sysimage/rpm/', 'var/lib/rpm/', 'usr/share/rpm/'] as const

/** File names of the database formats, the newest first. */
export const databaseNames = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const

/** SQLite's write-ahead log: holds what is not yet in `rpmdb.sqlite`. */
export const logName = 'rpmdb.sqlite-wal'

/** The list of packages that distroless Mariner and Azure Linux images keep instead of a database. */
export const manifestPath = 'var/lib/rpmmanifest/container-manifest-2'

/** Every canonical place of a database. */
export const databases: readonly string[] = [
  ...directories.flatMap(directory => databaseNames.map(name => directory + name)),
  manifestPath,
]

const wanted: readonly string[] = [...databases, ...directories.map(directory => directory + logName)]

/** Names of files that are read. */
export const readNames: readonly string[] = [...new Set(wanted.map(place => place.slice(place.lastIndexOf('/') + 1)))]

/** True for a database at its place in the tree or in a tree within the tree (a chroot, an ostree deployment). */
export function isWanted(path: string): boolean {
  for (const place of wanted) if (endsAt(path, place)) return true
  return false
}

/** The root of the tree that a database describes: empty, or a path that ends with `/`; other paths have none. */
export function rootOf(path: string): string {
  for (const place of wanted) if (endsAt(path, place)) return path.slice(0, path.length - place.length)
  return ''
}

function endsAt(path: string, place: string): boolean {
  if (!path.endsWith(place)) return false
  const before = path.length - place.length - 1
  return before < 0 || path.charCodeAt(before) === 0x2f
}

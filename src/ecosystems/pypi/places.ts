/** Which of the forms of installed metadata a path is. */
type InstalledForm = 'dist-info' | 'egg-info' | 'zip-egg'

/** The lock and manifest formats that are read. */
export type DeclaredForm = 'requirements' | 'pipfile' | 'poetry' | 'uv' | 'pdm' | 'pylock'

/** Where installed metadata is, as its path tells. */
export interface InstalledPlace {
  readonly form: InstalledForm
  /** The directory or file named after the distribution: `Flask-1.0.dist-info`. */
  readonly label: string
}

const fixedNames: ReadonlyMap<string, DeclaredForm> = new Map([
  ['Pipfile.lock', 'pipfile'],
  ['poetry.lock', 'poetry'],
  ['uv.lock', 'uv'],
  ['pdm.lock', 'pdm'],
  ['pylock.toml', 'pylock'],
])

/** True for installed metadata that pip would list: see `installedPlace`. */
export function isInstalledFile(path: string): boolean {
  return (
    (path.endsWith('.dist-info/METADATA') ||
      path.endsWith('.egg-info/PKG-INFO') ||
      path.endsWith('.egg/EGG-INFO/PKG-INFO') ||
      path.endsWith('.egg-info') ||
      path.endsWith('.egg')) &&
    installedPlace(path) !== undefined
  )
}

/** Names of files that are read, in whatever directory. */
export const readNames: readonly string[] = ['METADATA', 'PKG-INFO', ...fixedNames.keys()]

/** True for ends of the names of others, from the last dot on. */
export function isReadEnd(end: string): boolean {
  // The last one for `pylock.<name>.toml`.
  return end === '.egg-info' || end === '.egg' || end === '.txt' || end === '.toml'
}

/** True for lock and requirements files. */
export function isDeclaredFile(path: string): boolean {
  return declaredForm(path) !== undefined
}

/**
 * Form and label of installed metadata by path. Undefined for metadata that no environment lists: copies vendored
 * inside another distribution (below `_vendor`, or deeper than directly in `site-packages` or `dist-packages`), test
 * data of the interpreter, and labels that pip calls invalid, such as the `~lask-1.0.dist-info` that an interrupted upgrade leaves.
 */
export function installedPlace(path: string): InstalledPlace | undefined {
  const form: InstalledForm = path.endsWith('/METADATA') ? 'dist-info' : path.endsWith('.egg') ? 'zip-egg' : 'egg-info'
  let labelled = path
  if (path.endsWith('/METADATA')) labelled = path.slice(0, -'/METADATA'.length)
  else if (path.endsWith('/EGG-INFO/PKG-INFO')) labelled = path.slice(0, -'/EGG-INFO/PKG-INFO'.length)
  else if (path.endsWith('/PKG-INFO')) labelled = path.slice(0, -'/PKG-INFO'.length)
  const slash = labelled.lastIndexOf('/')
  const label = labelled.slice(slash + 1)
  if (!startsLikeName(label) || isVendored(`/${labelled.slice(0, slash + 1)}`)) return undefined
  return { form, label }
}

/** The format of a lock or requirements file, by its name alone. */
export function declaredForm(path: string): DeclaredForm | undefined {
  const slash = path.lastIndexOf('/')
  const base = path.slice(slash + 1)
  const fixed = fixedNames.get(base)
  if (fixed !== undefined) return fixed
  if (base.endsWith('.txt')) {
    const inFolder = path.endsWith('/requirements', slash) || path.slice(0, slash) === 'requirements'
    return base.includes('requirements') || inFolder ? 'requirements' : undefined
  }
  return base.startsWith('pylock.') && base.endsWith('.toml') ? 'pylock' : undefined
}

/** `directory` begins and ends with `/`. */
function isVendored(directory: string): boolean {
  if (directory.includes('/_vendor/') || directory.includes('/_vendored/')) return true
  // The interpreter's own tests bring an egg.
  if (directory.includes('/test/test_importlib/')) return true
  const site = Math.max(directory.lastIndexOf('/site-packages/'), directory.lastIndexOf('/dist-packages/'))
  return site >= 0 && site + '/site-packages/'.length < directory.length
}

function startsLikeName(label: string): boolean {
  const code = label.charCodeAt(0)
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
}

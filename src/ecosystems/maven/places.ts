/** Endings of archives that a Java runtime or server loads classes from. */
const archiveEndings = ['.jar', '.war', '.ear', '.par', '.sar', '.jpi', '.hpi', '.lpkg', '.nar', '.rar', '.aar']

/** Endings that other worlds use for other things too: what is no zip archive at all is passed over in silence. */
const sharedEndings = ['.par', '.sar', '.nar', '.rar', '.aar']

/** Archives of text, not of code. */
const textEndings = ['-sources.jar', '-javadoc.jar', '-test-sources.jar']

/** The lock and manifest formats that are read in a directory. */
export type DeclaredForm = 'pom' | 'gradle-lock'

/** True for archives of Java code by name; sources and documentation are none. Asked for every file there is. */
export function isArchive(path: string): boolean {
  const isShort = path.charCodeAt(path.length - 4) === 0x2e
  if (!isShort && path.charCodeAt(path.length - 5) !== 0x2e) return false
  return endsWithAny(path, archiveEndings) && !endsWithAny(path, textEndings)
}

/** True where the ending proves nothing. */
export function hasSharedEnding(path: string): boolean {
  return endsWithAny(path, sharedEndings)
}

/** True for build files that name dependencies. */
export function isDeclaredFile(path: string): boolean {
  return declaredForm(path) !== undefined
}

/** True for ends, from the last dot on, of the names of archives and lock files. */
export function isReadEnd(end: string): boolean {
  return end === '.lockfile' || archiveEndings.includes(end)
}

/** The format of a build file by its path. */
export function declaredForm(path: string): DeclaredForm | undefined {
  if (path.endsWith('.lockfile')) {
    const base = path.slice(path.lastIndexOf('/') + 1)
    const isLock = base === 'gradle.lockfile' || base === 'buildscript-gradle.lockfile'
    return isLock || path.includes('gradle/dependency-locks/') ? 'gradle-lock' : undefined
  }
  return path === 'pom.xml' || path.endsWith('/pom.xml') ? 'pom' : undefined
}

function endsWithAny(path: string, endings: readonly string[]): boolean {
  for (const ending of endings) if (path.endsWith(ending)) return true
  return false
}

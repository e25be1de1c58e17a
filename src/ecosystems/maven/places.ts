/** Endings of archives that a Java runtime or server loads classes from. */
const archiveEndings = ['.jar', '.war', '.ear', '.par', '.sar', '.jpi', '.hpi', '.lpkg', '.nar', '.rar', '.aar']

/** Endings that other worlds use for other things too: what is no zip archive at all is passed over in silence. */
const sharedEndings = ['.par', '.sar', '.nar', '.rar', '.aar']

/** Archives of text, not of code. */
const textEndings = ['-sources.jar', '-javadoc.jar', '-test-sources.jar']

/** The lock and manifest formats that are read in a directory. */
export type DeclaredForm = 'pom' | 'gradle-lock'

/** True for archives of Java code by name; sources and documentation are none. */
export function isArchive(path: string): boolean {
  return archiveEndings.some(ending => path.endsWith(ending)) && !textEndings.some(ending => path.endsWith(ending))
}

/** True where the ending proves nothing. */
export function hasSharedEnding(path: string): boolean {
  return sharedEndings.some(ending => path.endsWith(ending))
}

/** True for build files that name dependencies. */
export function isDeclaredFile(path: string): boolean {
  return declaredForm(path) !== undefined
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

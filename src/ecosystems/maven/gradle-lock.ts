import { numberedLines } from '#lib/document-bounds.ts'
import { baseName } from '#lib/text.ts'
import { type Coordinates, isCoordinate } from './coordinates.ts'

/** A package as a build file names it. */
export interface DeclaredPackage extends Coordinates {
  /** True where it is needed only for tests or by the build itself. */
  readonly dev?: boolean
  /** 1-based. */
  readonly line?: number
}

/**
 * Reads a Gradle lock file (https://docs.gradle.org/current/userguide/dependency_locking.html): lines of
 * `group:artifact:version=configurations`, or, in the old form, one file for a configuration. Test configurations and
 * the build script's own lock are for development.
 */
export function parseGradleLock(text: string, path: string): readonly DeclaredPackage[] {
  const base = baseName(path)
  const isBuildscript = base === 'buildscript-gradle.lockfile'
  const packages: DeclaredPackage[] = []
  for (const [number, raw] of numberedLines(text)) {
    const line = raw.trim()
    if (line.startsWith('#')) continue
    const equals = line.indexOf('=')
    const [group, artifact, version, ...rest] = (equals < 0 ? line : line.slice(0, equals)).split(':')
    if (rest.length > 0 || !isCoordinate(group) || !isCoordinate(artifact) || !isCoordinate(version)) continue
    const configurations = equals < 0 ? [base] : line.slice(equals + 1).split(',')
    const isDev = isBuildscript || configurations.every(isTestConfiguration)
    packages.push({ group, artifact, version, ...(isDev && { dev: true }), line: number })
  }
  return packages
}

/** `testRuntimeClasspath`, `integrationTestCompileClasspath`. */
function isTestConfiguration(name: string): boolean {
  return name.startsWith('test') || name.includes('Test')
}

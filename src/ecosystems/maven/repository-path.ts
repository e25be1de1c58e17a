import { type Coordinates, isCoordinate } from './coordinates.ts'

/** Directories below which a repository of Maven's layout starts. */
const repositories = ['.m2/repository/', 'maven-repo/', 'maven2/', 'repository/']

/** Gradle's cache: `files-2.1/<group>/<artifact>/<version>/<sha1>/<file>`. */
const gradleCache = 'files-2.1/'

/**
 * Coordinates by the place of a file in a repository of Maven's layout
 * (https://maven.apache.org/repositories/layout.html) or in Gradle's cache: every part has to agree with the file's own
 * name. Undefined anywhere else.
 */
export function coordinatesOfRepositoryPath(path: string): Coordinates | undefined {
  const gradle = after(path, gradleCache)?.split('/')
  if (gradle?.length === 5) {
    const [group, artifact, version, , file] = gradle
    return checked(group, artifact, version, file)
  }
  for (const repository of repositories) {
    const parts = after(path, repository)?.split('/') ?? []
    const file = parts.pop()
    const version = parts.pop()
    const artifact = parts.pop()
    if (parts.length > 0) {
      const found = checked(parts.join('.'), artifact, version, file)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function after(path: string, directory: string): string | undefined {
  const at = `/${path}`.indexOf(`/${directory}`)
  return at < 0 ? undefined : path.slice(at + directory.length)
}

function checked(...parts: readonly (string | undefined)[]): Coordinates | undefined {
  const [group, artifact, version, file] = parts
  if (!isCoordinate(group) || !isCoordinate(artifact) || !isCoordinate(version)) return undefined
  const stem = `${artifact}-${version}`
  return file?.startsWith(`${stem}.`) || file?.startsWith(`${stem}-`) ? { group, artifact, version } : undefined
}

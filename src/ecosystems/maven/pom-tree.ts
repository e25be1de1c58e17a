import { directoryName } from '#lib/text.ts'
import { isCoordinate } from './coordinates.ts'
import type { DeclaredPackage } from './gradle-lock.ts'
import type { Pom, PomDependency } from './pom.ts'
import { effectiveCoordinates, lineOf, type PomLine, resolveValue } from './pom-values.ts'

/** All projects of one tree. */
export interface PomFiles {
  readonly byPath: ReadonlyMap<string, Pom>
  readonly paths: ReadonlyMap<Pom, string>
  /** By `group:artifact:version`, where all three are known without the parent. */
  readonly byCoordinates: ReadonlyMap<string, Pom>
}

/** Makes the projects of a tree findable. */
export function indexPoms(files: Iterable<readonly [path: string, pom: Pom]>): PomFiles {
  const byPath = new Map(files)
  const paths = new Map<Pom, string>()
  const byCoordinates = new Map<string, Pom>()
  for (const [path, pom] of byPath) {
    paths.set(pom, path)
    const key = keyOf(effectiveCoordinates(pom))
    if (key !== undefined && !byCoordinates.has(key)) byCoordinates.set(key, pom)
  }
  return { byPath, paths, byCoordinates }
}

/** BOMs imported by one another. */
const maxImports = 20

/**
 * The dependencies that a project names, with versions from properties, parents, `dependencyManagement` and imported
 * BOMs as far as those are in the same tree. What stays without one exact version is left out: it is decided outside of
 * the tree. Scopes `test` and `import`: the first is for development, the second is no package.
 */
export function resolveDependencies(path: string, files: PomFiles): readonly DeclaredPackage[] {
  const pom = files.byPath.get(path)
  if (pom === undefined) return []
  const line = lineIn(pom, files)
  const managed = managedBy(line, files)
  return line
    .flatMap(project => project.dependencies)
    .flatMap(dependency => {
      const group = resolveValue(dependency.group, line)
      const artifact = resolveValue(dependency.artifact, line)
      if (!isCoordinate(group) || !isCoordinate(artifact)) return []
      const fallback = managed.get(`${group}:${artifact}`)
      const version = exactVersion(resolveValue(dependency.version, line) ?? fallback?.version)
      if (version === undefined) return []
      const isDev = (dependency.scope ?? fallback?.scope) === 'test'
      return [{ group, artifact, version, ...(isDev && { dev: true }) }]
    })
}

function lineIn(pom: Pom, files: PomFiles): PomLine {
  return lineOf(pom, child => {
    if (child.parent === undefined) return undefined
    const relative = child.parent.relativePath ?? '../pom.xml'
    const place = joinPath(directoryName(files.paths.get(child)!), relative)
    const near = relative === '' ? undefined : (files.byPath.get(place) ?? files.byPath.get(`${place}/pom.xml`))
    if (near !== undefined && near.artifact === child.parent.artifact) return near
    return files.byCoordinates.get(keyOf(child.parent) ?? '')
  })
}

function keyOf(project: {
  readonly group?: string
  readonly artifact?: string
  readonly version?: string
}): string | undefined {
  const { group, artifact, version } = project
  const isWhole = group !== undefined && artifact !== undefined && version !== undefined
  return isWhole ? `${group}:${artifact}:${version}` : undefined
}

/** The nearest declaration of each `group:artifact` wins, a project's own before an imported one. */
function managedBy(line: PomLine, files: PomFiles): ReadonlyMap<string, { version?: string; scope?: string }> {
  const managed = new Map<string, { version?: string; scope?: string }>()
  const imports: { readonly dependency: PomDependency; readonly line: PomLine }[] = []
  const collect = (within: PomLine): void => {
    for (const dependency of within.flatMap(project => project.managed)) {
      if (dependency.scope === 'import') imports.push({ dependency, line: within })
      const key = `${resolveValue(dependency.group, within)}:${resolveValue(dependency.artifact, within)}`
      if (dependency.scope !== 'import' && !managed.has(key))
        managed.set(key, { version: resolveValue(dependency.version, within), scope: dependency.scope })
    }
  }
  collect(line)
  for (let count = 0; count < Math.min(imports.length, maxImports); count++) {
    const { dependency, line: within } = imports[count]!
    const key = keyOf({
      group: resolveValue(dependency.group, within),
      artifact: resolveValue(dependency.artifact, within),
      version: resolveValue(dependency.version, within),
    })
    const found = files.byCoordinates.get(key ?? '')
    if (found !== undefined) collect(lineIn(found, files))
  }
  return managed
}

/** `1.0` and `[1.0]` are one version each; every other range is not (https://maven.apache.org/pom.html#dependency-version-requirement-specification). */
function exactVersion(text: string | undefined): string | undefined {
  const bare = text?.startsWith('[') && text.endsWith(']') ? text.slice(1, -1).trim() : text
  return isCoordinate(bare) ? bare : undefined
}

function joinPath(directory: string, relative: string): string {
  const parts: string[] = directory === '' ? [] : directory.split('/')
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

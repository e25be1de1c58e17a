import { asArray, asString, member } from '#lib/json.ts'
import { parseXml } from '#lib/xml.ts'

/** A dependency as written: values may hold `${…}`, and what is missing is managed elsewhere. */
export interface PomDependency {
  readonly group: string
  readonly artifact: string
  readonly version?: string
  readonly scope?: string
}

/** A `pom.xml` as written, nothing resolved; plain data. */
export interface Pom {
  readonly group?: string
  readonly artifact?: string
  readonly version?: string
  readonly parent?: {
    readonly group?: string
    readonly artifact?: string
    readonly version?: string
    /** As written; undefined where the element is absent (then it is `../pom.xml`). */
    readonly relativePath?: string
  }
  readonly properties: Readonly<Record<string, string>>
  readonly managed: readonly PomDependency[]
  readonly dependencies: readonly PomDependency[]
}

/**
 * Reads a Maven project (https://maven.apache.org/xsd/maven-4.0.0.xsd): dependencies outside of profiles and plug-ins.
 * Throws on what is not XML or has no `project` element.
 */
export function parsePom(text: string): Pom {
  const project = member(parseXml(text), 'project')
  if (project === undefined) throw new Error('the document is not a Maven project')
  const parent = member(project, 'parent')
  const properties: Record<string, string> = Object.create(null)
  for (const [key, value] of Object.entries(member(project, 'properties') ?? {})) {
    const content = asString(value)
    if (content !== undefined) properties[key] = content
  }
  return {
    group: field(project, 'groupId'),
    artifact: field(project, 'artifactId'),
    version: field(project, 'version'),
    ...(parent !== undefined && {
      parent: {
        group: field(parent, 'groupId'),
        artifact: field(parent, 'artifactId'),
        version: field(parent, 'version'),
        relativePath: asString(member(parent, 'relativePath')),
      },
    }),
    properties,
    managed: dependenciesOf(member(project, 'dependencyManagement')),
    dependencies: dependenciesOf(project),
  }
}

function dependenciesOf(holder: unknown): readonly PomDependency[] {
  const listed = member(member(holder, 'dependencies'), 'dependency')
  return (Array.isArray(listed) ? asArray(listed) : listed === undefined ? [] : [listed]).flatMap(entry => {
    const group = field(entry, 'groupId')
    const artifact = field(entry, 'artifactId')
    if (group === undefined || artifact === undefined) return []
    return [{ group, artifact, version: field(entry, 'version'), scope: field(entry, 'scope') }]
  })
}

function field(holder: unknown, key: string): string | undefined {
  const value = asString(member(holder, key))?.trim()
  return value === '' ? undefined : value
}

import type { Pom } from './pom.ts'

/** Values longer than this are no names or versions: what unfolds beyond is given up. */
const maxLength = 1000

/** Substitutions for one value. */
const maxSteps = 50

/** Parents above one project. */
const maxParents = 50

/** A project and its parents as far as they are known, the project itself first. */
export type PomLine = readonly Pom[]

/** Group, artifact and version of a project, taken from its parent where it inherits them. */
export function effectiveCoordinates(
  pom: Pom,
  line: PomLine = [pom],
): {
  readonly group?: string
  readonly artifact?: string
  readonly version?: string
} {
  return {
    group: resolveValue(pom.group ?? pom.parent?.group, line),
    artifact: resolveValue(pom.artifact, line),
    version: resolveValue(pom.version ?? pom.parent?.version, line),
  }
}

/** A project followed by its parents, as `parentOf` finds them; stops at a circle. */
export function lineOf(pom: Pom, parentOf: (pom: Pom) => Pom | undefined): PomLine {
  const line = new Set<Pom>()
  for (let next: Pom | undefined = pom; next !== undefined && !line.has(next) && line.size < maxParents; )
    next = parentOf([...line.add(next)].at(-1)!)
  return [...line]
}

/**
 * Replaces every `${name}` by the property of the project or its nearest parent
 * (https://maven.apache.org/ref/3.9.9/maven-model-builder/#Model_Interpolation). Undefined where one is not known.
 */
export function resolveValue(value: string | undefined, line: PomLine): string | undefined {
  let text = value
  for (let step = 0; text !== undefined; step++) {
    const start: number = text.indexOf('${')
    if (start < 0) return text
    const end = text.indexOf('}', start)
    if (end < 0 || step >= maxSteps || text.length > maxLength) return undefined
    const found = property(text.slice(start + 2, end), line)
    text = found === undefined ? undefined : text.slice(0, start) + found + text.slice(end + 1)
  }
  return undefined
}

function property(name: string, line: PomLine): string | undefined {
  for (const pom of line) if (Object.hasOwn(pom.properties, name)) return pom.properties[name]
  const pom = line[0]
  const plain = name.startsWith('project.')
    ? name.slice('project.'.length)
    : name.startsWith('pom.')
      ? name.slice(4)
      : name
  switch (plain) {
    case 'groupId':
      return pom?.group ?? pom?.parent?.group
    case 'artifactId':
      return pom?.artifact
    case 'version':
      return pom?.version ?? pom?.parent?.version
    case 'parent.groupId':
      return pom?.parent?.group
    case 'parent.version':
      return pom?.parent?.version
    default:
      return undefined
  }
}

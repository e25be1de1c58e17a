import { decodeText } from '#lib/text.ts'
import type { ZipEntry } from '#lib/zip.ts'
import { isCoordinate } from './coordinates.ts'
import type { FileName } from './file-name.ts'
import type { ArchiveMembers, IdentifiedPackage } from './members.ts'
import { type Pom, parsePom } from './pom.ts'
import { findLicenses } from './pom-licenses.ts'
import { effectiveCoordinates } from './pom-values.ts'
import { parseProperties } from './properties.ts'

/** What Maven's archiver leaves of one package (https://maven.apache.org/shared/maven-archiver/#pom-properties-content). */
export interface Descriptor {
  /** Group and artifact as the directories say. */
  readonly group: string
  readonly artifact: string
  readonly properties?: ZipEntry
  readonly pom?: ZipEntry
}

/** Directories that hold `META-INF/maven`, in archives and in the class directories of applications. */
const roots = ['', 'WEB-INF/classes/', 'BOOT-INF/classes/']

/** More packages than this shaded into one archive are not read. */
const maxDescriptors = 5000

/** Packages published under another group than the one their descriptor names, by what that says. */
const publishedGroups: ReadonlyMap<string, string> = new Map([['com.mysql:mysql-connector-java', 'mysql']])

/** The descriptors in an archive, in its own order. */
export function findDescriptors(entries: readonly ZipEntry[]): readonly Descriptor[] {
  const found = new Map<string, { group: string; artifact: string; properties?: ZipEntry; pom?: ZipEntry }>()
  for (const entry of entries) {
    const isProperties = entry.name.endsWith('/pom.properties')
    if (!isProperties && !entry.name.endsWith('/pom.xml')) continue
    const at = entry.name.indexOf('META-INF/maven/')
    const [group, artifact, file, ...rest] = entry.name.slice(at + 'META-INF/maven/'.length).split('/')
    const isPlaced = at >= 0 && roots.includes(entry.name.slice(0, at)) && file !== undefined && rest.length === 0
    if (!isPlaced || !isCoordinate(group) || !isCoordinate(artifact)) continue
    const key = `${group}:${artifact}`
    const descriptor = found.get(key) ?? { group, artifact }
    if (isProperties) descriptor.properties ??= entry
    else descriptor.pom ??= entry
    found.set(key, descriptor)
    if (found.size >= maxDescriptors) break
  }
  return [...found.values()]
}

/**
 * Coordinates and licences of a descriptor: `pom.properties` first, `pom.xml` for what is missing there. The file name
 * gives the version where neither does and the artifact is the file's own. Undefined where no version is known.
 */
export function readDescriptor(
  descriptor: Descriptor,
  members: ArchiveMembers,
  name: FileName,
): IdentifiedPackage | undefined {
  const properties = parseProperties(textOf(members, descriptor.properties))
  const pomText = textOf(members, descriptor.pom)
  const told = {
    group: valid(properties.get('groupId')),
    artifact: valid(properties.get('artifactId')),
    version: valid(properties.get('version')),
  }
  const isWhole = told.group !== undefined && told.artifact !== undefined && told.version !== undefined
  const project = isWhole || pomText === '' ? undefined : readPom(pomText)
  const artifact = told.artifact ?? descriptor.artifact
  const version = told.version ?? valid(project?.version) ?? (artifact === name.artifact ? name.version : undefined)
  if (version === undefined) return undefined
  const group = told.group ?? descriptor.group
  const published = publishedGroups.get(`${group}:${artifact}`) ?? group
  return { group: published, artifact, version, licenses: findLicenses(pomText) }
}

/** A damaged `pom.xml` takes nothing away from what the directories and properties say. */
function readPom(text: string): { readonly version?: string } | undefined {
  let pom: Pom
  try {
    pom = parsePom(text)
  } catch {
    return undefined
  }
  return effectiveCoordinates(pom)
}

function textOf(members: ArchiveMembers, entry: ZipEntry | undefined): string {
  const bytes = entry === undefined ? undefined : members.read(entry)
  return bytes === undefined ? '' : decodeText(bytes)
}

function valid(text: string | undefined): string | undefined {
  return isCoordinate(text) ? text : undefined
}

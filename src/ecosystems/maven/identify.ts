import { baseName, decodeText } from '#lib/text.ts'
import { type Coordinates, isCoordinate } from './coordinates.ts'
import { findDescriptors, readDescriptor } from './descriptors.ts'
import { type FileName, splitFileName } from './file-name.ts'
import { findKnownGroup } from './known-groups.ts'
import { parseManifest } from './manifest.ts'
import type { ArchiveMembers, IdentifiedPackage } from './members.ts'
import { findLicenses } from './pom-licenses.ts'
import { coordinatesOfRepositoryPath } from './repository-path.ts'

/**
 * What an archive is, and what was shaded into it, by the evidence in it: the descriptors that Maven leaves in
 * `META-INF/maven`, else the place in a Maven or Gradle repository, else a table of well-known archives checked against
 * the archive's own directories. The manifest gives versions, never groups: of 102 archives from Maven Central whose
 * manifest has an `Implementation-Vendor-Id`, 15 name another group there, and of 34 whose `Bundle-SymbolicName` ends in
 * the artifact, 13 do. Where no evidence names the group there is none.
 */
export function identifyArchive(
  archive: { readonly path: string; readonly depth: number },
  members: ArchiveMembers,
): readonly IdentifiedPackage[] {
  const manifest = readManifest(members)
  const stem = stemOf(archive.path)
  const name = splitFileName(stem, manifest.get('implementation-version') ?? manifest.get('bundle-version'))
  const described = findDescriptors(members.entries).flatMap(descriptor => {
    const found = readDescriptor(descriptor, members, name)
    if (found === undefined) return []
    const isSilent = found.licenses.length === 0 && found.artifact === name.artifact
    return [isSilent ? { ...found, licenses: findLicenses(undefined, manifest.get('bundle-license')) } : found]
  })
  if (described.some(found => found.artifact === name.artifact)) return described
  const self = identifySelf(archive, { members, manifest, name })
  // A single package in an archive of another name, of which nobody knows better, is the archive renamed.
  if (self === undefined || (self.group === undefined && described.length === 1)) return described
  if (described.some(found => found.artifact === self.artifact)) return described
  return [{ ...self, licenses: findLicenses(undefined, manifest.get('bundle-license')) }, ...described]
}

interface Evidence {
  readonly members: ArchiveMembers
  readonly manifest: ReadonlyMap<string, string>
  readonly name: FileName
}

function identifySelf(
  archive: { readonly path: string; readonly depth: number },
  evidence: Evidence,
): Coordinates | undefined {
  const { members, manifest, name } = evidence
  const placed = archive.depth === 0 ? coordinatesOfRepositoryPath(archive.path) : undefined
  if (placed !== undefined) return placed
  const plugin = coordinatesOfPlugin(archive.path, manifest)
  if (plugin !== undefined) return plugin
  const version = [name.version, manifest.get('implementation-version'), manifest.get('bundle-version')].find(
    isCoordinate,
  )
  if (version === undefined || !isCoordinate(name.artifact)) return undefined
  const known = findKnownGroup({ artifact: name.artifact, version, entries: members.entries })
  if (known !== undefined) return { ...known, version }
  // The name alone, without a version in it, is too little to call a package.
  return name.version === undefined ? undefined : { artifact: name.artifact, version }
}

/** Jenkins reads a plug-in's coordinates from its manifest (https://www.jenkins.io/doc/developer/plugin-development/). */
function coordinatesOfPlugin(path: string, manifest: ReadonlyMap<string, string>): Coordinates | undefined {
  if (!path.endsWith('.hpi') && !path.endsWith('.jpi')) return undefined
  const group = manifest.get('group-id')
  const artifact = manifest.get('artifact-id') ?? manifest.get('short-name')
  // Builds that are no releases add who made them: `1.0-SNAPSHOT (private-…)`.
  const version = manifest.get('plugin-version')?.split(' ')[0]
  return isCoordinate(group) && isCoordinate(artifact) && isCoordinate(version)
    ? { group, artifact, version }
    : undefined
}

function readManifest(members: ArchiveMembers): ReadonlyMap<string, string> {
  const entry = members.entries.find(candidate => candidate.name === 'META-INF/MANIFEST.MF')
  const bytes = entry === undefined ? undefined : members.read(entry)
  return bytes === undefined ? new Map() : parseManifest(decodeText(bytes))
}

function stemOf(path: string): string {
  const base = baseName(path)
  return base.slice(0, base.lastIndexOf('.'))
}

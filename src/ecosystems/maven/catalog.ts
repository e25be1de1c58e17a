import type { Assembly, Cataloger, FileFacts, FileHandle, ReadContext, Tree, TreeFile } from '#ecosystems/types.ts'
import { decodeText } from '#lib/text.ts'
import type { CatalogedPackage } from '#model/package.ts'
import { formatPurl } from '#model/purl.ts'
import { type ArchivedPackage, readArchive } from './archive.ts'
import type { Coordinates } from './coordinates.ts'
import { type DeclaredPackage, parseGradleLock } from './gradle-lock.ts'
import { declaredForm } from './places.ts'
import { type Pom, parsePom } from './pom.ts'
import { indexPoms, type PomFiles, resolveDependencies } from './pom-tree.ts'

/** What `read` keeps of one file. */
type Facts =
  | { readonly kind: 'archive'; readonly packages: readonly ArchivedPackage[] }
  | { readonly kind: 'lock'; readonly packages: readonly DeclaredPackage[] }
  | { readonly kind: 'pom'; readonly pom: Pom }

/** Reads archives of any nesting, `pom.xml` and Gradle's lock files. */
export const cataloger: Cataloger = { read: readFile, assemble, group }

function readFile(file: FileHandle, { limits }: ReadContext): FileFacts | undefined {
  const form = declaredForm(file.path)
  if (form === 'pom') {
    const pom = parsePom(decodeText(file.bytes()))
    return factsOf({ kind: 'pom', pom }, pom.dependencies.length + pom.managed.length)
  }
  if (form === 'gradle-lock') {
    const packages = parseGradleLock(decodeText(file.bytes()), file.path)
    return factsOf({ kind: 'lock', packages }, packages.length)
  }
  const { packages, problems } = readArchive({ path: file.path, source: file, inflate: file.inflateRaw }, limits)
  return packages.length === 0 && problems.length === 0
    ? undefined
    : { ...factsOf({ kind: 'archive', packages }, packages.length), problems }
}

function factsOf(facts: Facts, packages: number): FileFacts {
  return { facts, packages }
}

/** Projects inherit the dependencies of their parents: a few files may come to very many packages. */
const maxPackages = 110_000

function assemble(tree: Tree): Assembly {
  const poms = indexPoms(
    tree.files.flatMap(({ path, facts }) => {
      const read = facts as Facts
      return read.kind === 'pom' ? [[path, read.pom] as const] : []
    }),
  )
  const packages: CatalogedPackage[] = []
  for (const file of tree.files) {
    for (const found of packagesOf(file, poms)) packages.push(found)
    if (packages.length > maxPackages) {
      const detail = `More than ${maxPackages} packages`
      return { packages, problems: [{ code: 'limit', detail, path: file.path }] }
    }
  }
  return { packages, problems: [] }
}

/** Poms inherit from each other. */
function group({ path, facts }: TreeFile): string {
  return (facts as Facts).kind === 'pom' ? 'poms' : `/${path}`
}

function packagesOf(file: TreeFile, poms: PomFiles): readonly CatalogedPackage[] {
  const facts = file.facts as Facts
  if (facts.kind === 'archive')
    return facts.packages.map(found => ({
      ...identify(found),
      licenses: found.licenses,
      state: 'installed' as const,
      locations: [{ path: `${file.path}${found.inner}` }],
    }))
  const declared = facts.kind === 'lock' ? facts.packages : resolveDependencies(file.path, poms)
  return declared.map(found => ({
    ...identify(found),
    licenses: [],
    state: 'declared' as const,
    ...(found.dev === true && { dev: true }),
    locations: [{ path: file.path, ...(found.line !== undefined && { line: found.line }) }],
  }))
}

/** Maven coordinates need a group; an archive of unknown group is a `generic` one, which no advisory is asked for. */
function identify({
  group,
  artifact,
  version,
}: Coordinates): Pick<CatalogedPackage, 'purl' | 'type' | 'name' | 'version'> {
  const purl =
    group === undefined
      ? formatPurl({ type: 'generic', name: artifact, version })
      : formatPurl({ type: 'maven', namespace: group, name: artifact, version })
  return { purl, type: 'maven', name: group === undefined ? artifact : `${group}:${artifact}`, version }
}

import type { Assembly, OwnedFile } from '#ecosystems/types.ts'
import { baseName } from '#lib/text.ts'
import type { Package } from '#model/package.ts'
import type { ReadFile } from './layer-facts.ts'
import type { Reader } from './layer-sheet.ts'
import type { Stack, StackedFile } from './stack.ts'
import { ending } from './stack-paths.ts'

/** What one ecosystem found. */
export interface CatalogPart {
  readonly reader: Reader
  /** Its files of all layers. */
  readonly files: readonly StackedFile[]
  /** What it says, seen from the highest layer, of who installed which files. */
  readonly owns: Assembly['owns']
}

/** Where things are, seen from the highest layer. */
export interface Places {
  readonly stack: Stack
  /** The file of the target that a place is, or is in. */
  readonly fileAt: (place: string) => string
}

/**
 * Marks language packages that an operating-system package installed. Decided on the stacked tree, so a later `chown`
 * or `COPY --from` of the same bytes changes nothing; and by content where the package manager keeps digests, so a file
 * overwritten by another installer is no longer the system's.
 */
export function ownPackages(
  packages: readonly Package[],
  parts: readonly CatalogPart[],
  { stack, fileAt }: Places,
): readonly Package[] {
  if (parts.every(({ owns }) => owns === undefined)) return packages
  const systems = new Set(
    parts.filter(({ reader }) => reader.ecosystem.kind === 'system').map(({ reader }) => reader.ecosystem.id),
  )
  const asked = new Set<string>()
  for (const { type, locations } of packages)
    if (!systems.has(type)) for (const { path } of locations) asked.add(fileAt(path))
  const claims = claimsOn(asked, parts, stack)
  if (claims.size === 0) return packages
  const proofs = new Map<string, ReadFile>()
  for (const { files } of parts) {
    for (const { path, hiddenBy, file } of files) {
      if (hiddenBy === stack.height && file.digests !== undefined && claims.has(path)) proofs.set(path, file)
    }
  }
  const ownerOf = (path: string) => claims.get(path)?.find(claim => isUnchanged(claim, proofs.get(path)))?.owner
  return packages.map(found => {
    if (systems.has(found.type)) return found
    // One package may lie at several places: a copy that nobody owns is the application's own.
    let owner: string | undefined
    for (const { path } of found.locations) {
      const claimant = ownerOf(fileAt(path))
      if (claimant === undefined) return found
      owner ??= claimant
    }
    return owner === undefined ? found : { ...found, owner }
  })
}

/** Who claims to have installed these files. */
function claimsOn(
  asked: ReadonlySet<string>,
  parts: readonly CatalogPart[],
  stack: Stack,
): ReadonlyMap<string, readonly OwnedFile[]> {
  const claims = new Map<string, OwnedFile[]>()
  if (asked.size === 0) return claims
  // A claim by the name of a symbolic link is one on what it leads to.
  const names = stack.aliases(new Set([...asked].map(baseName)))
  const endings = new Set([...names].map(ending))
  const isAsked = (path: string) => path.endsWith('/') || (endings.has(ending(path)) && names.has(baseName(path)))
  for (const { owns } of parts) {
    for (const claim of owns?.({ names, isAsked }) ?? []) {
      const path = stack.resolve(claim.path, stack.height - 1)
      if (path === undefined || !asked.has(path)) continue
      const known = claims.get(path)
      if (known === undefined) claims.set(path, [claim])
      else known.push(claim)
    }
  }
  return claims
}

function isUnchanged(claim: OwnedFile, proof: ReadFile | undefined): boolean {
  const colon = claim.digest?.indexOf(':') ?? -1
  if (claim.digest === undefined || colon < 0) return true
  const algorithm = claim.digest.slice(0, colon)
  const actual = proof?.digests?.[algorithm as 'md5' | 'sha1' | 'sha256']
  return actual === undefined || actual === claim.digest.slice(colon + 1)
}

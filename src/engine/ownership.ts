import type { Assembly, OwnedFile } from '#ecosystems/types.ts'
import type { Package } from '#model/package.ts'
import type { ReadFile } from './layer-facts.ts'
import type { Reader } from './read-layer.ts'
import type { Stack, StackedFile } from './stack.ts'

interface CatalogPart {
  readonly reader: Reader
  readonly files: readonly StackedFile[]
  readonly assembly: Assembly
}

/**
 * Marks language packages that an operating-system package installed. Decided on the stacked tree, so a later `chown`
 * or `COPY --from` of the same bytes changes nothing; and by content where the package manager keeps digests, so a file
 * overwritten by another installer is no longer the system's.
 */
export function ownPackages(
  packages: readonly Package[],
  parts: readonly CatalogPart[],
  stack: Stack,
): readonly Package[] {
  const top = stack.height - 1
  const claims = new Map<string, OwnedFile[]>()
  for (const { assembly } of parts) {
    for (const claim of assembly.owns ?? []) {
      const path = stack.resolve(claim.path, top)
      if (path === undefined) continue
      const known = claims.get(path)
      if (known === undefined) claims.set(path, [claim])
      else known.push(claim)
    }
  }
  if (claims.size === 0) return packages
  const systems = new Set(
    parts.filter(({ reader }) => reader.ecosystem.kind === 'system').map(({ reader }) => reader.ecosystem.id),
  )
  const proofs = new Map<string, ReadFile>()
  for (const { files } of parts) {
    for (const { path, hiddenBy, file } of files) {
      if (hiddenBy === stack.height && file.digests !== undefined) proofs.set(path, file)
    }
  }
  const ownerOf = (path: string) => claims.get(path)?.find(claim => isUnchanged(claim, proofs.get(path)))?.owner
  return packages.map(found => {
    if (systems.has(found.type)) return found
    // One package may lie at several places: a copy that nobody owns is the application's own.
    const owners = found.locations.map(({ path }) => ownerOf(path.split('!/')[0]!))
    const owner = owners.includes(undefined) ? undefined : owners[0]
    return owner === undefined ? found : { ...found, owner }
  })
}

function isUnchanged(claim: OwnedFile, proof: ReadFile | undefined): boolean {
  const colon = claim.digest?.indexOf(':') ?? -1
  if (claim.digest === undefined || colon < 0) return true
  const algorithm = claim.digest.slice(0, colon)
  const actual = proof?.digests?.[algorithm as 'md5' | 'sha1' | 'sha256']
  return actual === undefined || actual === claim.digest.slice(colon + 1)
}

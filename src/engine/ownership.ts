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
  const claims = new Map<string, OwnedFile>()
  for (const { assembly } of parts) {
    for (const claim of assembly.owns ?? []) {
      const path = stack.resolve(claim.path, top)
      if (path !== undefined) claims.set(path, claim)
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
  return packages.map(found => {
    const path = found.locations[0]?.path.split('!/')[0]
    if (path === undefined || systems.has(found.type)) return found
    const claim = claims.get(path)
    return claim !== undefined && isUnchanged(claim, proofs.get(path)) ? { ...found, owner: claim.owner } : found
  })
}

function isUnchanged(claim: OwnedFile, proof: ReadFile | undefined): boolean {
  const colon = claim.digest?.indexOf(':') ?? -1
  if (claim.digest === undefined || colon < 0) return true
  const algorithm = claim.digest.slice(0, colon)
  const actual = proof?.digests?.[algorithm as 'md5' | 'sha1' | 'sha256']
  return actual === undefined || actual === claim.digest.slice(colon + 1)
}

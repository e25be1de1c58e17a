import type { Distro } from './distro-identity.ts'
import { debianReleases, type ReleaseDepth } from './distro-table.ts'

/**
 * The release a distribution is of, at the depth its makers count in; undefined where the version does not say that
 * much, and for development branches (Alpine edge) that are no release.
 */
export function releaseOf(distro: Distro, depth: ReleaseDepth): string | undefined {
  const version = distro.version ?? fromCodename(distro)
  if (version === undefined || isEdge(distro)) return undefined
  if (depth === 'whole') return version
  const [major, minor] = /^(\d{1,8})(?:\.(\d{1,8}))?(?![\d.]*[A-Za-z_])/.exec(version)?.slice(1) ?? []
  if (depth === 'major') return major
  return major === undefined || minor === undefined ? undefined : `${major}.${minor}`
}

/** Debian's testing has a codename and no `VERSION_ID`; a bare `sid` names no release. */
function fromCodename(distro: Distro): string | undefined {
  const { id, codename } = distro
  if (id !== 'debian' || codename === undefined || !Object.hasOwn(debianReleases, codename)) return undefined
  return debianReleases[codename]
}

/** Alpine edge says `3.21.0_alpha20240807` or, in its name, `edge`. */
function isEdge(distro: Distro): boolean {
  return distro.id === 'alpine' && ((distro.version ?? '').includes('_') || distro.name.endsWith(' edge'))
}

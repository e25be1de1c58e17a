import type { Distro } from './distro-identity.ts'
import { releaseOf } from './distro-release.ts'
import { distroTable, redhatStreams, sleModules } from './distro-table.ts'

/**
 * The OSV ecosystems (with release) whose records apply to a release; empty where OSV carries none: Amazon Linux,
 * Oracle Linux, Fedora, Photon, CentOS, Arch, Alpine edge, every derivative. Mostly one. Several where OSV splits one
 * release: Red Hat by repository (a package's records are under the repositories that ship it, so all are asked),
 * SUSE Linux Enterprise 15 by module. https://ossf.github.io/osv-schema/#affectedpackage-field
 */
export function osvEcosystems(distro: Distro): readonly string[] {
  const row = Object.hasOwn(distroTable, distro.id) ? distroTable[distro.id] : undefined
  if (row?.osv !== undefined) return fill(row.osv, distro)
  if (row?.osvRule === 'ubuntu') return ubuntu(distro)
  if (row?.osvRule === 'redhat') return redhat(distro)
  if (row?.osvRule === 'openeuler') return openeuler(distro)
  if (row?.osvRule === 'sle') return sle(distro, row.title ?? '')
  return []
}

/** Puts the release into a pattern such as `Alpine:v{minor}`; empty where the release does not say that much. */
function fill(pattern: string, distro: Distro): readonly string[] {
  const depth = (['major', 'minor', 'whole'] as const).find(name => pattern.includes(`{${name}}`))
  if (depth === undefined) return [pattern]
  const release = releaseOf(distro, depth)
  return release === undefined ? [] : [pattern.replace(`{${depth}}`, release)]
}

/** `22.04` is `Ubuntu:22.04:LTS`, `23.10` is `Ubuntu:23.10`: April of even years, and 6.06 (https://wiki.ubuntu.com/Releases). */
function ubuntu(distro: Distro): readonly string[] {
  const release = releaseOf(distro, 'minor')
  if (release === undefined) return []
  const [year = '', month = ''] = release.split('.')
  const isLongTerm = release === '6.06' || (Number(year) % 2 === 0 && Number(year) >= 8 && month === '04')
  return [`Ubuntu:${release}${isLongTerm ? ':LTS' : ''}`]
}

/**
 * Up to RHEL 9 the CPE names the repository (`enterprise_linux:9::baseos`), from RHEL 10 on the minor release
 * (`enterprise_linux:10.1`). Fixes are published for the newest minor, whichever is installed, so all eleven are asked.
 */
function redhat(distro: Distro): readonly string[] {
  const major = releaseOf(distro, 'major')
  if (major === undefined) return []
  if (Number(major) >= 10) return Array.from({ length: 11 }, (_, minor) => `Red Hat:enterprise_linux:${major}.${minor}`)
  const streams = Object.hasOwn(redhatStreams, major) ? redhatStreams[major]! : []
  return streams.map(stream => `Red Hat:enterprise_linux:${major}::${stream}`)
}

/** Long-term releases only, as OSV has them: `openEuler 22.03 (LTS-SP3)` is `openEuler:22.03-LTS-SP3`. */
function openeuler(distro: Distro): readonly string[] {
  const release = releaseOf(distro, 'minor')
  const edition = /\((LTS(?:-SP\d{1,2})?)\)/.exec(distro.name)?.[1]
  return release === undefined || edition === undefined ? [] : [`openEuler:${release}-${edition}`]
}

/** `SUSE Linux Enterprise Server 15 SP5` up to 15, `… 16.0` from 16 on; the Micro editions always count `5.5`. */
function sle(distro: Distro, title: string): readonly string[] {
  const [major, pack] = releaseOf(distro, 'minor')?.split('.') ?? [releaseOf(distro, 'major')]
  if (major === undefined) return []
  if (title.endsWith('Micro') || Number(major) >= 16) return [`SUSE:${title} ${major}.${pack ?? '0'}`]
  const release = pack === undefined || pack === '0' ? major : `${major} SP${pack}`
  const modules =
    major === '15' ? sleModules.map(module => `SUSE:Linux Enterprise Module for ${module} ${release}`) : []
  return [`SUSE:${title} ${release}`, ...modules, `SUSE:${title} ${release}-LTSS`]
}

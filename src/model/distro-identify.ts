import type { Distro } from './distro-identity.ts'
import { parseOsRelease } from './distro-os-release.ts'
import { debianReleases } from './distro-table.ts'

/** Turns the text of one identification file into a distribution; undefined where it says nothing. */
type Reader = (text: string) => Distro | undefined

/**
 * Identification files, the most telling first. Rebuilds keep their parent's files too (Oracle Linux 6 has a
 * `redhat-release` that says Red Hat), so the narrower file comes first; `debian_version` is last because every
 * derivative has one.
 */
const readers: readonly (readonly [path: string, read: Reader])[] = [
  ['etc/os-release', fromOsRelease],
  ['usr/lib/os-release', fromOsRelease],
  ['etc/alpine-release', fromAlpine],
  ['etc/oracle-release', fromReleaseLine],
  ['etc/photon-release', fromReleaseLine],
  ['etc/mariner-release', fromReleaseLine],
  ['etc/SuSE-release', fromSuse],
  ['etc/centos-release', fromReleaseLine],
  ['etc/fedora-release', fromReleaseLine],
  ['etc/redhat-release', fromReleaseLine],
  ['etc/system-release', fromReleaseLine],
  ['etc/lsb-release', fromLsb],
  ['etc/debian_version', fromDebian],
]

/** Canonical paths of the files that tell which distribution a root file system holds. */
export const distroFiles: readonly string[] = readers.map(([path]) => path)

/**
 * Which distribution the identification files tell of; undefined where none does (scratch, busybox). Texts are by
 * canonical path, those present only.
 */
export function identifyDistro(files: ReadonlyMap<string, string>): Distro | undefined {
  for (const [path, read] of readers) {
    const text = files.get(path)
    const distro = text === undefined ? undefined : read(text)
    if (distro !== undefined) return distro
  }
  return undefined
}

/** How release lines begin, and which `ID` the same maker's os-release has. */
const makers: readonly (readonly [start: string, id: string])[] = [
  ['almalinux', 'almalinux'],
  ['amazon linux', 'amzn'],
  ['cbl-mariner', 'mariner'],
  ['centos', 'centos'],
  ['fedora', 'fedora'],
  ['opensuse', 'opensuse'],
  ['oracle linux', 'ol'],
  ['enterprise linux enterprise linux', 'ol'],
  ['red hat enterprise linux', 'rhel'],
  ['rocky linux', 'rocky'],
  ['suse linux enterprise desktop', 'sled'],
  ['suse linux enterprise server', 'sles'],
  ['vmware photon', 'photon'],
]

function fromOsRelease(text: string): Distro | undefined {
  const values = parseOsRelease(text)
  const id = identifier(values.get('ID') ?? '')
  if (id === '') return undefined
  const version = values.get('VERSION_ID') ?? ''
  const codename = values.get('VERSION_CODENAME') ?? ''
  const name = values.get('PRETTY_NAME') || values.get('NAME') || id
  return { id, ...(version !== '' && { version }), ...(codename !== '' && { codename }), name }
}

function fromAlpine(text: string): Distro | undefined {
  const version = firstLine(text)
  return /^\d/.test(version) ? { id: 'alpine', version, name: `Alpine Linux ${version}` } : undefined
}

/** `CentOS release 6.10 (Final)`: a name, the word `release` mostly, a version, a codename. */
function fromReleaseLine(text: string): Distro | undefined {
  const name = firstLine(text)
  const lower = name.toLowerCase()
  const id = makers.find(([start]) => lower.startsWith(start))?.[1]
  const version = /\d{1,8}(?:\.\d{1,8}){0,4}/.exec(name)?.[0]
  return id === undefined ? undefined : { id, ...(version !== undefined && { version }), name }
}

/** SUSE before os-release keeps the service pack in a line of its own. */
function fromSuse(text: string): Distro | undefined {
  const distro = fromReleaseLine(text)
  const pack = /^PATCHLEVEL = (\d{1,2})$/m.exec(text.slice(0, 4096))?.[1]
  if (distro?.version === undefined || pack === undefined || distro.version.includes('.')) return distro
  return { ...distro, version: `${distro.version}.${pack}` }
}

function fromLsb(text: string): Distro | undefined {
  const values = parseOsRelease(text)
  const id = identifier(values.get('DISTRIB_ID') ?? '')
  if (id === '') return undefined
  const version = values.get('DISTRIB_RELEASE') ?? ''
  const codename = values.get('DISTRIB_CODENAME') ?? ''
  const name = values.get('DISTRIB_DESCRIPTION') || id
  return { id, ...(version !== '' && { version }), ...(codename !== '' && { codename }), name }
}

/** `12.5`, or `trixie/sid` before the release; a derivative's own word (`kali-rolling`) is not Debian. */
function fromDebian(text: string): Distro | undefined {
  const line = firstLine(text)
  const release = /^(\d{1,3})(?:\.\d{1,3}){0,3}$/.exec(line)
  if (release !== null) {
    const version = Number(release[1]) < 4 ? line : release[1]!
    return { id: 'debian', version, name: `Debian GNU/Linux ${line}` }
  }
  const codename = line.endsWith('/sid') ? line.slice(0, -'/sid'.length) : line
  return Object.hasOwn(debianReleases, codename) || codename === 'sid'
    ? { id: 'debian', codename, name: `Debian GNU/Linux ${line}` }
    : undefined
}

/** os-release asks for lower case letters, digits, `.`, `_` and `-`; openEuler does not keep to it. */
function identifier(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '')
    .slice(0, 64)
}

function firstLine(text: string): string {
  const line = text.slice(0, 256).trimStart()
  return line
    .slice(0, line.includes('\n') ? line.indexOf('\n') : undefined)
    .replace(/[\u0000-\u001f\u007f]/g, '')
    .trim()
}

/** The numbers of a toolchain's version, and its release candidate or beta. */
const pattern = /^(?:go)?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?:(rc|beta|alpha)(\d{1,9}))?/

/**
 * The standard library's version in a toolchain's name: `go1.21.3 X:boringcrypto` gives `1.21.3`,
 * `go1.20.12 (Red Hat 1.20.12-8.el9)` gives `1.20.12`; a development build keeps its name, without the date.
 */
export function libraryVersion(goVersion: string): string {
  const words = goVersion.trim().split(/\s/, 2)
  if (words[0] === 'devel') return words.join(' ')
  const name = words[0] ?? ''
  return name.startsWith('go') ? name.slice(2) : name
}

/**
 * A toolchain version as advisories write it (https://go.dev/doc/security/vuln/database): `1.21rc2` is `1.21.0-rc.2`,
 * `1.18.2b7` is `1.18.2`, `1.21.3-vendor` is `1.21.3`. Undefined for anything else, development builds included.
 */
export function advisoryVersion(version: string): string | undefined {
  const match = pattern.exec(version)
  if (match === null) return undefined
  const [, major, minor, patch = '0', kind, number] = match
  return `${major}.${minor}.${patch}${kind === undefined ? '' : `-${kind}.${number}`}`
}

/** Ecosystems of distributions: their records pass on flaws of others (`upstream`) and may carry many. */
const distributionEcosystems = new Set([
  ...['AlmaLinux', 'Alpaquita', 'Alpine', 'Amazon Linux', 'Azure Linux', 'BellSoft Hardened Containers', 'Chainguard'],
  ...['CleanStart', 'Debian', 'Docker Hardened Images', 'Echo', 'Mageia', 'MinimOS', 'openEuler', 'openSUSE'],
  ...['Photon OS', 'Red Hat', 'Rocky Linux', 'Root', 'SUSE', 'TuxCare', 'Ubuntu', 'Wolfi'],
])

/** True for an OSV ecosystem (with or without release) of a distribution. */
export function isDistribution(ecosystem: string): boolean {
  return distributionEcosystems.has(baseEcosystem(ecosystem))
}

/** The ecosystem without its release: the folder's name in the OSV bucket. `Debian:12` gives `Debian`. */
export function baseEcosystem(ecosystem: string): string {
  const colon = ecosystem.indexOf(':')
  return colon < 0 ? ecosystem : ecosystem.slice(0, colon)
}

/** One spelling for one release: OSV writes `Ubuntu:22.04:LTS` where its users ask for `Ubuntu:22.04`. */
export function canonicalEcosystem(ecosystem: string): string {
  return ecosystem.startsWith('Ubuntu:') && ecosystem.endsWith(':LTS') ? ecosystem.slice(0, -4) : ecosystem
}

/**
 * The one spelling under which a package's advisories are kept and asked for: PyPI by PEP 503
 * (https://peps.python.org/pep-0503/#normalized-names), NuGet, Packagist and Hex without regard to case, others as they are.
 */
export function canonicalName(ecosystem: string, name: string): string {
  switch (baseEcosystem(ecosystem)) {
    case 'PyPI':
      return name.toLowerCase().replace(/[-_.]+/g, '-')
    case 'NuGet':
    case 'Packagist':
    case 'Hex':
      return name.toLowerCase()
    default:
      return name
  }
}

/** Databases by the prefix of their ids, where the prefix alone would tell a person little. */
const databases = new Map([
  ...['ALBA', 'ALEA', 'ALSA'].map(prefix => [prefix, 'AlmaLinux'] as const),
  ['ALPINE', 'Alpine'],
  ['BIT', 'Bitnami'],
  ['CGA', 'Chainguard'],
  ...['DEBIAN', 'DLA', 'DSA', 'DTSA'].map(prefix => [prefix, 'Debian'] as const),
  ['ECHO', 'Echo'],
  ['MGASA', 'Mageia'],
  ['MINI', 'MinimOS'],
  ['OESA', 'openEuler'],
  ...['RHBA', 'RHEA', 'RHSA'].map(prefix => [prefix, 'Red Hat'] as const),
  ...['RLBA', 'RLEA', 'RLSA', 'RXSA'].map(prefix => [prefix, 'Rocky Linux'] as const),
  ...['LSN', 'UBUNTU', 'USN'].map(prefix => [prefix, 'Ubuntu'] as const),
])

/** The database that gave a record its id: `Debian` for `DLA-1-1`, `GHSA` for `GHSA-…`. */
export function databaseOf(id: string): string {
  const dash = id.indexOf('-')
  const prefix = dash < 0 ? id : id.slice(0, dash)
  return databases.get(prefix) ?? prefix
}

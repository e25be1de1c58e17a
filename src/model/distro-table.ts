/** How much of a version names a release: `12` of `12.5`, `3.20` of `3.20.1`, or all of it. */
export type ReleaseDepth = 'major' | 'minor' | 'whole'

/** What is known of one distribution, by its os-release `ID`. */
export interface DistroRow {
  /** OSV ecosystem; `{major}` and `{minor}` stand for the release. Absent where OSV carries none. */
  readonly osv?: string
  /** Where the OSV name follows no pattern: the rule in `distro-osv.ts`. */
  readonly osvRule?: 'ubuntu' | 'redhat' | 'sle' | 'openeuler'
  /** endoflife.date product key. */
  readonly product?: string
  /** How much of the version is the endoflife.date cycle. */
  readonly cycle?: ReleaseDepth
  /** What the vendor calls it in OSV, for the rule `sle`. */
  readonly title?: string
}

/**
 * Distributions by normalized os-release `ID`. Derivatives (Kali, Mint, Pop!_OS, Raspbian, Scientific Linux, …) are
 * left out on purpose and never inherit through `ID_LIKE`: they rebuild, patch or hold back packages, so that their
 * parent's fixed versions do not tell whether they are affected. OSV names:
 * https://ossf.github.io/osv-schema/#affectedpackage-field; products: https://endoflife.date/api/v1/products.
 */
export const distroTable: Readonly<Record<string, DistroRow>> = {
  alinux: {},
  almalinux: { osv: 'AlmaLinux:{major}', product: 'almalinux', cycle: 'major' },
  alpaquita: { osv: 'Alpaquita:{whole}' },
  alpine: { osv: 'Alpine:v{minor}', product: 'alpine-linux', cycle: 'minor' },
  amzn: { product: 'amazon-linux', cycle: 'whole' },
  arch: {},
  azurelinux: { osv: 'Azure Linux:{major}' },
  centos: { product: 'centos', cycle: 'major' },
  chainguard: { osv: 'Chainguard' },
  debian: { osv: 'Debian:{major}', product: 'debian', cycle: 'major' },
  fedora: { product: 'fedora', cycle: 'major' },
  mageia: { osv: 'Mageia:{major}' },
  mariner: { osv: 'Azure Linux:{major}' },
  minimos: { osv: 'MinimOS' },
  ol: { product: 'oracle-linux', cycle: 'major' },
  openeuler: { osvRule: 'openeuler' },
  opensuse: { osv: 'openSUSE:Leap {minor}', product: 'opensuse', cycle: 'minor' },
  'opensuse-leap': { osv: 'openSUSE:Leap {minor}', product: 'opensuse', cycle: 'minor' },
  'opensuse-tumbleweed': { osv: 'openSUSE:Tumbleweed' },
  photon: {},
  rhel: { osvRule: 'redhat', product: 'rhel', cycle: 'major' },
  rocky: { osv: 'Rocky Linux:{major}', product: 'rocky-linux', cycle: 'major' },
  sled: { osvRule: 'sle', title: 'Linux Enterprise Desktop' },
  sles: { osvRule: 'sle', title: 'Linux Enterprise Server', product: 'sles', cycle: 'minor' },
  sles_sap: { osvRule: 'sle', title: 'Linux Enterprise Server for SAP Applications' },
  'sl-micro': { osvRule: 'sle', title: 'Linux Micro' },
  'sle-micro': { osvRule: 'sle', title: 'Linux Enterprise Micro' },
  ubuntu: { osvRule: 'ubuntu', product: 'ubuntu', cycle: 'minor' },
  wolfi: { osv: 'Wolfi' },
}

/** Debian releases by codename (https://www.debian.org/releases/): testing has a codename before it has a number. */
export const debianReleases: Readonly<Record<string, string>> = {
  duke: '15',
  forky: '14',
  trixie: '13',
  bookworm: '12',
  bullseye: '11',
  buster: '10',
  stretch: '9',
  jessie: '8',
  wheezy: '7',
  squeeze: '6',
  lenny: '5',
  etch: '4',
}

/** The product of CentOS Stream, which shares its `ID` with CentOS Linux. */
export const centosStream: DistroRow = { product: 'centos-stream', cycle: 'major' }

/** Repositories of a RHEL release whose CPE tails name OSV ecosystems (https://www.redhat.com/en/blog/how-determine-your-risk). */
export const redhatStreams: Readonly<Record<string, readonly string[]>> = {
  '6': ['server', 'client', 'workstation', 'computenode'],
  '7': ['server', 'client', 'workstation', 'computenode', 'server_optional', 'workstation_optional'],
  '8': ['baseos', 'appstream', 'crb', 'highavailability', 'resilientstorage', 'nfv', 'realtime', 'supplementary'],
  '9': ['baseos', 'appstream', 'crb', 'highavailability', 'resilientstorage', 'nfv', 'realtime', 'supplementary'],
}

/** Modules that SUSE Linux Enterprise 15 is delivered as: OSV files most packages there, not under the product. */
export const sleModules: readonly string[] = [
  'Basesystem',
  'Certifications',
  'Containers',
  'Desktop Applications',
  'Development Tools',
  'Legacy',
  'Package Hub',
  'Public Cloud',
  'Python 3',
  'Server Applications',
  'Web and Scripting',
]

import type { Distro } from './distro.ts'
import type { Finding } from './finding.ts'
import type { Package } from './package.ts'
import type { Problem } from './problem.ts'
import type { Target } from './target.ts'
import type { Verdict } from './verdict.ts'

/** One thing to do that makes findings go away. */
export interface FixAction {
  /** `upgrade` one package (all binaries of one source together), or `none` where no fix is published. */
  readonly kind: 'upgrade' | 'none'
  readonly type: string
  /** The name to upgrade: the source package for operating systems, the package itself elsewhere. */
  readonly name: string
  /** Installed versions, in native order. */
  readonly from: readonly string[]
  /** The version that removes every finding counted in `removes`. */
  readonly to?: string
  /** purls of the packages that the action changes. */
  readonly packages: readonly string[]
  /** Fingerprints of the findings it removes (or, for `none`, that wait). */
  readonly removes: readonly string[]
  /** True where the base image brought the packages, so that a rebuild on a newer base is the fix. */
  readonly base: boolean
}

/** How new the advisories are that a scan used. */
export interface AdvisoryStatus {
  /** OSV ecosystems consulted, and those the target needs that the store does not hold. */
  readonly consulted: readonly string[]
  readonly missing: readonly string[]
  /** The time up to which the store is known to be current, RFC 3339. */
  readonly asOf?: string
}

/** Everything one scan found: what every report format renders. */
export interface ScanResult {
  readonly tool: { readonly name: 'sluice'; readonly version: string }
  readonly target: Target
  readonly distro?: Distro
  /** Sorted by type, name, version, first path. */
  readonly packages: readonly Package[]
  /** Sorted: worst first (KEV, severity, EPSS), then id, then package. Empty for `sluice sbom`. */
  readonly findings: readonly Finding[]
  readonly problems: readonly Problem[]
  /** The most effective first. */
  readonly actions: readonly FixAction[]
  /** Absent for `sluice sbom`, which consults no advisories. */
  readonly verdict?: Verdict
  readonly advisories?: AdvisoryStatus
  /** RFC 3339, whole seconds. */
  readonly createdAt: string
}

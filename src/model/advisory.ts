/**
 * A published statement about affected versions, in the OSV model (https://ossf.github.io/osv-schema/), reduced to
 * what matching and judging need.
 */
export interface Advisory {
  readonly id: string
  /** Other ids of the same vulnerability. */
  readonly aliases: readonly string[]
  /** Vulnerabilities that this record passes on (a distribution's record of CVEs). Not aliases: one record may carry many. */
  readonly upstream: readonly string[]
  /** RFC 3339 times. */
  readonly published?: string
  readonly modified: string
  readonly summary?: string
  readonly affected: readonly Affected[]
  /** Vectors and labels as published, with no interpretation. */
  readonly severities: readonly PublishedSeverity[]
  readonly references: readonly string[]
  readonly cwes: readonly string[]
}

/** OSV `severity[]` entry, or `label` where the database gives a word instead of a vector. */
export interface PublishedSeverity {
  readonly type: 'CVSS_V2' | 'CVSS_V3' | 'CVSS_V4' | 'label'
  readonly score: string
}

/** The versions of one package that an advisory affects. */
export interface Affected {
  /** OSV ecosystem with its release suffix: `npm`, `Debian:12`, `Alpine:v3.20`. */
  readonly ecosystem: string
  readonly name: string
  readonly ranges: readonly AffectedRange[]
  /** Versions enumerated by the record, affected whatever the ranges say. */
  readonly versions: readonly string[]
}

/** Events in the order published; `GIT` ranges are dropped when a record is read. */
export interface AffectedRange {
  readonly type: 'SEMVER' | 'ECOSYSTEM'
  readonly events: readonly RangeEvent[]
}

/** Exactly one member is set; `introduced: '0'` means from the first version on. */
export interface RangeEvent {
  readonly introduced?: string
  readonly fixed?: string
  readonly lastAffected?: string
  readonly limit?: string
}

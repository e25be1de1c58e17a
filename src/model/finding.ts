import type { Location } from './location.ts'
import type { Rating, Severity } from './severity.ts'

/** An advisory that matched a package, and the version that ends its range there. */
export interface MatchedAdvisory {
  /** The record's id: `DEBIAN-CVE-2024-1234`, `GHSA-…`, `GO-2024-…`. */
  readonly id: string
  /** The database it comes from, by its id: `Debian`, `GHSA`, `GO`, … */
  readonly source: string
  /** The version that ends the affected range the package is in, where the record names one. */
  readonly fixed?: string
  readonly published?: string
  readonly modified: string
}

/** What is known of a fix for one package. `available` is true where a version to go to exists. */
export interface Fix {
  readonly available: boolean
  /** The lowest version, in native order, that leaves every matched range; absent where none is published. */
  readonly version?: string
  /** When the earliest record with that fix was published (RFC 3339): the grace period's start. */
  readonly since?: string
}

/** The flaw that an id names, with every id and everybody's opinion. */
export interface Vulnerability {
  /** The id shown: the CVE where there is one, else GHSA, else the first in order. */
  readonly id: string
  /** All other ids of the same flaw, sorted. */
  readonly aliases: readonly string[]
  readonly summary?: string
  /** The severity that the policy sees; which rating it comes from is `severitySource`. */
  readonly severity: Severity
  readonly severitySource?: string
  readonly ratings: readonly Rating[]
  readonly cwes: readonly string[]
  readonly references: readonly string[]
  readonly published?: string
  /** Probability of exploitation in 30 days, and its percentile, 0–1 (https://www.first.org/epss/). */
  readonly epss?: { readonly score: number; readonly percentile: number; readonly date: string }
  /** Known exploited (https://www.cisa.gov/known-exploited-vulnerabilities-catalog). Dates are `YYYY-MM-DD`. */
  readonly kev?: { readonly added: string; readonly due?: string; readonly ransomware: boolean }
}

/** A vulnerable package: one flaw in one distinct package is one finding, whatever number of records tell of it. */
export interface VulnerabilityFinding {
  readonly kind: 'vulnerability'
  /** Stable over rebuilds: no digest, tag or package version in it. */
  readonly fingerprint: string
  readonly vulnerability: Vulnerability
  /** purl of the package; every package of that purl in the target is affected. */
  readonly package: string
  readonly advisories: readonly MatchedAdvisory[]
  readonly fix: Fix
  readonly severity: Severity
}

/** Software past its maker's support: a distribution release or (later) a runtime. */
export interface SupportFinding {
  readonly kind: 'end-of-life'
  readonly fingerprint: string
  /** For people: `Debian 12`. */
  readonly subject: string
  /** `ended`: no fixes at all any more. `extended`: regular support is over, extended support still runs. */
  readonly support: 'ended' | 'extended'
  /** `YYYY-MM-DD`: when regular support ended, and when the last support ends or ended. */
  readonly regularUntil: string
  readonly lastUntil: string
  readonly severity: Severity
  readonly location?: Location
}

/** One fact worth judging. Further kinds (secret, misconfiguration, licence, drift) join this union. */
export type Finding = VulnerabilityFinding | SupportFinding

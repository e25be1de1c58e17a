import type { Affected } from '#model/advisory.ts'
import type { Distro } from '#model/distro.ts'
import type { Vulnerability } from '#model/finding.ts'

/** What the engine asks of advisories: a read-only, consistent view of one store. */
export interface AdvisoryReader {
  /** True where the store holds that OSV ecosystem, with its release (`npm`, `Debian:12`). */
  readonly covers: (ecosystem: string) => boolean
  /** Records that name the package. Withdrawn records are not in the store. */
  readonly lookup: (ecosystem: string, name: string) => readonly AdvisoryCandidate[]
  /** All that is known of a flaw (an id that `AdvisoryCandidate.flaws` gave, and which is the `id` of the answer). */
  readonly describe: (flaw: string) => Vulnerability
  /** Support dates of a distribution release; undefined where unknown. */
  readonly support: (distro: Distro) => SupportDates | undefined
  /** The time up to which the store is known to be current (RFC 3339): see `feeds status`. */
  readonly asOf: (ecosystems: readonly string[]) => string | undefined
  /** `sha256:<hex>` over everything the store holds for those ecosystems, with KEV, EPSS and support dates. */
  readonly digest: (ecosystems: readonly string[]) => string
  readonly close: () => void
}

/** One record's statement about one package name. */
export interface AdvisoryCandidate {
  readonly id: string
  /** Database: `Debian`, `GHSA`, `PYSEC`, `GO`, `ALPINE`, … (the id's own prefix). */
  readonly source: string
  readonly published?: string
  readonly modified: string
  readonly summary?: string
  /** All statements of the record about this name in this ecosystem. */
  readonly affected: readonly Affected[]
  /** The flaws it tells of, each by the id under which all its aliases are joined. At least one. */
  readonly flaws: readonly string[]
}

/** Dates as `YYYY-MM-DD`. */
export interface SupportDates {
  /** endoflife.date product and cycle. */
  readonly product: string
  readonly cycle: string
  /** End of regular support; undefined where it has no end yet. */
  readonly regularUntil?: string
  /** End of the last (extended) support. */
  readonly lastUntil?: string
}

import type { Affected } from '#model/advisory.ts'
import type { Distro } from '#model/distro.ts'
import type { Vulnerability } from '#model/finding.ts'

/** The manifest of an advisory source: data only. The folder's name is its id. */
export interface AdvisorySource {
  readonly id: string
  /** For people. */
  readonly title: string
  /** The authoritative description of its format. */
  readonly spec: string
  /** Where it is fetched from unless a mirror is named. */
  readonly url: string
  /** Of the data, with attribution where it asks for it. */
  readonly license: string
  /** How often it changes. */
  readonly cadence: string
}

/** What the engine asks of advisories: a read-only, consistent view of one store. */
export interface AdvisoryReader {
  /** True where the store holds that OSV ecosystem, with its release (`npm`, `Debian:12`). */
  readonly covers: (ecosystem: string) => boolean
  /** Records that name the package. Withdrawn records are not in the store. */
  readonly lookup: (ecosystem: string, name: string) => readonly AdvisoryCandidate[]
  /**
   * All that is known of a flaw (an id that `AdvisoryCandidate.flaws` gave, and which is the `id` of the answer).
   * `preferred` names the database whose rating is shown first: a distribution's own for its packages
   * (`AdvisoryCandidate.source`).
   */
  readonly describe: (flaw: string, preferred?: string) => Vulnerability
  /** Support dates of a distribution release; undefined where unknown. */
  readonly support: (distro: Distro) => SupportDates | undefined
  /** The time up to which the store is known to be current (RFC 3339): see `feeds status`. */
  readonly asOf: (ecosystems: readonly string[]) => string | undefined
  /** `sha256:<hex>` over everything the store holds for those ecosystems, with KEV, EPSS and support dates. */
  readonly digest: (ecosystems: readonly string[]) => string
  /** Changes whenever the store holds something else, of whatever ecosystem. */
  readonly revision: string
  readonly close: () => void
}

/** One record's statement about one package name. */
export interface AdvisoryCandidate {
  readonly id: string
  /** Database: `Debian`, `GHSA`, `PYSEC`, `GO`, … (the id's own prefix, or the distribution it stands for). */
  readonly source: string
  readonly published?: string
  readonly modified: string
  readonly summary?: string
  /** All statements of the record about this name in this ecosystem. */
  readonly affected: readonly Affected[]
  /** The flaws it tells of, each by the id under which all its aliases are joined. At least one. To be asked for before `close`. */
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

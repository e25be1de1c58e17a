import type { Distro } from '#model/distro.ts'
import type { Finding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { AdvisoryStatus } from '#model/report.ts'
import type { Stage } from '#model/stage.ts'
import type { Target } from '#model/target.ts'
import type { VerdictStatus } from '#model/verdict.ts'
import type { Condition } from './condition.ts'

/** What a policy does about an `incomplete` target. */
export const incompleteActions = ['pass', 'warn', 'fail'] as const

export type IncompleteAction = (typeof incompleteActions)[number]

/** What a rule does at a stage. `alert` is a warning that a responder at runtime picks up. */
export const ruleActions = ['warn', 'fail', 'alert'] as const

type RuleAction = (typeof ruleActions)[number]

/** The day from which a grace period runs. */
export const graceStarts = ['fixAvailable', 'published', 'kevAdded'] as const

export type GraceStart = (typeof graceStarts)[number]

/** What ends a waiver before its day. */
export const waiverEnds = ['fixAvailable', 'kev'] as const

type WaiverEnd = (typeof waiverEnds)[number]

/** Why a flaw does no harm here, in the words of OpenVEX 0.2.0 (https://github.com/openvex/spec). */
export const justifications = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const

type Justification = (typeof justifications)[number]

/** A parsed and checked policy document: what is tolerated, at which stage, for how long. */
export interface Policy {
  readonly metadata: PolicyMetadata
  readonly scope: Scope
  readonly data: DataLimits
  /** Every stage has an answer; `fail` where the document gives none. */
  readonly onIncomplete: Readonly<Record<Stage, IncompleteAction>>
  readonly rules: readonly Rule[]
  readonly waivers: readonly Waiver[]
  readonly tests: readonly PolicyTest[]
}

interface PolicyMetadata {
  readonly name: string
  /** Counts up with every change; verdicts name it. */
  readonly version: number
  readonly owner?: string
  readonly description?: string
}

/** Which targets a policy is meant for. An empty `include` means all; `exclude` wins. */
export interface Scope {
  readonly include: readonly Selector[]
  readonly exclude: readonly Selector[]
}

/** All members that are set have to match. */
export interface Selector {
  /** Glob over the repository of an image, without tag: `*` stops at `/`, `**` does not. */
  readonly repository?: string
  /** `key`, or `key=glob`, of an image label. */
  readonly label?: string
  /** Glob over the name of a target that is no image: a directory or a root file system. */
  readonly path?: string
}

/** How old what a verdict rests on may be, in milliseconds. */
export interface DataLimits {
  /** Seven days where the document says nothing. */
  readonly maxAdvisoryAge: number
  /** Unlimited where absent. */
  readonly maxFactsAge?: number
}

/** One test that every finding has to survive. */
export interface Rule {
  readonly id: string
  readonly title: string
  /** True for a finding that breaks the rule. */
  readonly when: Condition
  readonly grace?: Grace
  /** Stages that are not named are not concerned. */
  readonly stages: ReadonlyMap<Stage, StageAction>
  readonly help?: string
}

/** A period in which a failure is only a warning. */
export interface Grace {
  readonly from: GraceStart
  readonly days: number
  /** Where true for a finding there is no grace. */
  readonly unless?: Condition
}

export interface StageAction {
  readonly action: RuleAction
  /** For responders at runtime: milliseconds until the container has to be replaced. */
  readonly replaceWithin?: number
}

/** A time-limited exception: one flaw, in some packages, in some images. */
export interface Waiver {
  readonly id: string
  /** Any id of the flaw. */
  readonly vulnerability: string
  /** purl; without version all versions, without qualifiers any qualifiers. Names a package or its source package. */
  readonly package?: string
  /** Glob that every location of the package has to match. */
  readonly path?: string
  /** Glob over the repository of the image. */
  readonly image?: string
  readonly justification?: Justification
  readonly reason: string
  readonly requestedBy: string
  readonly approvedBy: string
  /** `YYYY-MM-DD`: the last day on which it counts, in UTC. */
  readonly expires: string
  readonly endsWhen: readonly WaiverEnd[]
}

/** A saved report and the verdict that this policy has to give it. */
export interface PolicyTest {
  readonly name: string
  /** Path of a saved `sluice scan -o json` report, relative to the policy file. */
  readonly facts: string
  readonly stage: Stage
  readonly expect: VerdictStatus
  /** Vulnerability ids, rule ids or codes of incompleteness that the verdict has to name. */
  readonly because: readonly string[]
  /** The clock of the test, RFC 3339; the time of the report where absent. */
  readonly at?: string
}

/** Everything that is judged. */
export interface Subject {
  readonly target: Target
  readonly distro?: Distro
  readonly packages: readonly Package[]
  readonly findings: readonly Finding[]
  readonly problems: readonly Problem[]
  readonly advisories: AdvisoryStatus
  /** `sha256:<hex>` of the facts, of the advisory data consulted, and of `canonicalPolicy(policy)`. */
  readonly digests: { readonly facts: string; readonly advisories: string; readonly policy: string }
  /** Sluice's version. */
  readonly engine: string
  /** When the target was read, RFC 3339; now, where absent. */
  readonly factsAt?: string
}

/** Where and when a verdict is made. */
export interface Clock {
  readonly stage: Stage
  /** RFC 3339; fractions of a second are dropped. */
  readonly at: string
}

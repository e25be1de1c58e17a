import type { Stage } from './stage.ts'

/** What a policy says of a target. `incomplete`: something could not be seen, so nobody may call it clean. */
export const verdictStatuses = ['pass', 'warn', 'fail', 'incomplete'] as const

export type VerdictStatus = (typeof verdictStatuses)[number]

/** One rule that one finding broke. */
export interface Violation {
  readonly rule: string
  readonly title: string
  /** What the rule does at this stage. */
  readonly action: 'warn' | 'fail'
  /** Fingerprint of the finding. */
  readonly finding: string
  /** RFC 3339; where set, the grace period runs until then and the action is not applied yet. */
  readonly graceUntil?: string
  readonly help?: string
}

/** A finding that a waiver took out of the judgement. */
export interface WaivedFinding {
  readonly waiver: string
  readonly finding: string
  readonly reason: string
  readonly expires: string
  /** OpenVEX justification, where the waiver claims that the flaw does no harm here. */
  readonly justification?: string
}

/** Causes of an `incomplete` verdict. `rule-error`: a rule reads what is not known of a finding. */
export const incompleteCodes = [
  'problem',
  'unknown-distribution',
  'ended-distribution',
  'missing-advisories',
  'stale-advisories',
  'stale-facts',
  'rule-error',
] as const

export type IncompleteCode = (typeof incompleteCodes)[number]

/** Why a verdict is `incomplete`: one per cause, with the words for people. */
export interface IncompleteReason {
  readonly code: IncompleteCode
  readonly detail: string
}

/** The judgement of one target by one policy at one stage; a pure function of its `inputs`. */
export interface Verdict {
  readonly status: VerdictStatus
  /**
   * True where the gate stops the target: the status is `fail`, or it is `incomplete` and the policy does not accept
   * that at this stage.
   */
  readonly blocks: boolean
  readonly stage: Stage
  readonly violations: readonly Violation[]
  readonly waived: readonly WaivedFinding[]
  readonly incomplete: readonly IncompleteReason[]
  /** Notes that change nothing: a waiver that expired, a grace period that runs. */
  readonly notes: readonly string[]
  readonly inputs: VerdictInputs
}

/** Everything a verdict depends on, each by digest (`sha256:<hex>`), so that it can be replayed and compared. */
export interface VerdictInputs {
  /** Packages, distribution and problems of the target; the same however the target was transported. */
  readonly facts: string
  /** The advisory records, KEV, EPSS and end-of-life data consulted for this target's ecosystems. */
  readonly advisories: string
  readonly policy: { readonly name: string; readonly version: number; readonly digest: string }
  /** Sluice's version. */
  readonly engine: string
  /** The clock the verdict was made by, RFC 3339, whole seconds. */
  readonly at: string
}

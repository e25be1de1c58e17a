import type { AdvisoryReader } from '#advisories/types.ts'
import { ecosystems } from '#ecosystems/index.ts'
import type { Matching } from '#ecosystems/types.ts'
import type { OpenOptions } from '#images/types.ts'
import type { Distro } from '#model/distro.ts'
import type { VulnerabilityFinding } from '#model/finding.ts'
import { limitsWith } from '#model/limits.ts'
import type { Package } from '#model/package.ts'
import type { ScanResult } from '#model/report.ts'
import type { Stage } from '#model/stage.ts'
import { canonicalPolicy } from '#policy/canonical.ts'
import { judge } from '#policy/judge.ts'
import type { Policy } from '#policy/types.ts'
import type { Facts } from './facts.ts'
import { type Gathered, gatherFacts } from './gather.ts'
import { matchPackages, neededEcosystems, questionsAbout } from './match.ts'
import { openTarget } from './open-target.ts'
import { actionsIn, planFixes } from './plan.ts'
import type { Ports } from './ports.ts'
import { type Assessment, assessmentKey, recall, remember } from './recall.ts'
import { judgeSupport } from './support.ts'

/** What to scan and how to judge it. */
export interface ScanRequest {
  /** `scheme:name`, or a name that says by itself what it is. */
  readonly target: string
  readonly open: Pick<OpenOptions, 'platform' | 'insecureRegistries' | 'limits'>
  readonly policy: Policy
  readonly stage: Stage
  readonly version: string
}

/**
 * Makes a result ready to be told, which is not known to hold yet; what this gives tells it, as soon as it is: what is
 * left to do by then is for the next run, such as writing to the cache. Where the result does not hold, another follows.
 */
export type Tell = (result: ScanResult) => Promise<() => Promise<void>>

/** The packages of a target, with no advisory consulted. */
export async function inventory(
  request: Pick<ScanRequest, 'target' | 'open' | 'version'>,
  ports: Ports,
  tell?: Tell,
): Promise<ScanResult> {
  const conclude = (facts: Facts) => ({ ...described(facts, request, ports), findings: [], actions: [] })
  return withTarget(request, ports, (gathered, hasten) => confirm(gathered, conclude, { tell, hasten }))
}

/** The whole assessment of one target: the only way to scan, whichever program asks. */
export async function scan(request: ScanRequest, ports: Ports, tell?: Tell): Promise<ScanResult> {
  return withTarget(request, ports, async (gathered, hasten) => {
    const { conclude, keep } = await assess(gathered, request, ports)
    return confirm(gathered, conclude, { tell, hasten, keep })
  })
}

/** Concludes and gets ready while the bytes are verified, and once more where they are not what they should be. */
async function confirm(
  gathered: Gathered,
  conclude: (facts: Facts) => ScanResult,
  { tell, hasten, keep }: Meanwhile,
): Promise<ScanResult> {
  const foreseen = conclude(gathered.expected)
  const ready = await tell?.(foreseen)
  hasten?.()
  const kept = keep?.()
  const facts = await gathered.facts
  if (facts === gathered.expected) {
    await ready?.()
    await kept
    return foreseen
  }
  const result = conclude(facts)
  const readyAgain = await tell?.(result)
  await readyAgain?.()
  await kept
  return result
}

/** What is done while the bytes are verified. */
interface Meanwhile {
  readonly tell: Tell | undefined
  readonly hasten: (() => void) | undefined
  /** Never rejects. */
  readonly keep?: (() => Promise<void>) | undefined
}

/** How facts are judged, and how to keep what that took for the next time, where it is worth it. */
interface Assessed {
  readonly conclude: (facts: Facts) => ScanResult
  readonly keep?: () => Promise<void>
}

/** Matching, support and plan, with nothing read from the target: gives what judges facts of these packages. */
async function assess(gathered: Gathered, request: ScanRequest, ports: Ports): Promise<Assessed> {
  const { packages, distro } = gathered.expected
  const at = wholeSecond(ports.now())
  const key = assessmentKey(packages, distro, ports)
  const recalled = await recall(key, ports)
  const asking = recalled === undefined ? await prepareQuestions(packages, distro) : undefined
  const needed = recalled?.match.consulted ?? asking!.needed
  const advisories = await ports.advisories([...new Set(needed.map(name => name.split(':')[0]!))])
  try {
    const isCurrent = recalled?.revision === advisories.revision
    const assessment = isCurrent
      ? { ...recalled, actions: actionsIn(packages, recalled.actions) }
      : ask(gathered.expected, asking ?? (await prepareQuestions(packages, distro)), advisories, ports)
    const { match, actions, held } = assessment
    const support = judgeSupport(distro, { advisories, at, hash: ports.hash })
    const findings = [...(support === undefined ? [] : [support]), ...match.findings]
    const asOf = advisories.asOf(match.consulted)
    const status = { consulted: match.consulted, missing: match.missing, ...(asOf !== undefined && { asOf }) }
    const digestOfPolicy = digestPolicy(request.policy, ports)
    const conclude = (facts: Facts): ScanResult => {
      const digests = { facts: facts.digest, advisories: held, policy: digestOfPolicy }
      const subject = { ...facts, findings, advisories: status, digests, engine: request.version }
      const verdict = judge(subject, request.policy, { stage: request.stage, at: at.toISOString() })
      return { ...described(facts, request, ports), findings, actions, advisories: status, verdict }
    }
    return { conclude, ...(key !== undefined && !isCurrent && { keep: () => remember(key, assessment, ports) }) }
  } finally {
    advisories.close()
  }
}

async function prepareQuestions(packages: readonly Package[], distro: Distro | undefined) {
  const matchings = await loadMatchings(packages)
  const questions = questionsAbout({ packages, distro, matchings })
  return { matchings, questions, needed: neededEcosystems({ packages, distro, matchings, questions }) }
}

function ask(
  { packages, distro }: Facts,
  { matchings, questions }: Awaited<ReturnType<typeof prepareQuestions>>,
  advisories: AdvisoryReader,
  ports: Ports,
): Assessment {
  const match = matchPackages({ packages, distro, matchings, questions, advisories, hash: ports.hash })
  const actions = planFixes({ packages, findings: match.findings, distro, matchings, advisories })
  const held = digestAdvisories(advisories.digest(match.consulted), match.findings, ports)
  return { revision: advisories.revision, match, actions, held }
}

async function withTarget<T>(
  request: Pick<ScanRequest, 'target' | 'open'>,
  ports: Ports,
  work: (gathered: Gathered, hasten?: () => void) => Promise<T>,
): Promise<T> {
  const { temporary, environment, signal, progress } = ports
  const opened = await openTarget(request.target, { ...request.open, temporary, environment, signal, progress })
  try {
    const gathered = await gatherFacts(opened, ports, limitsWith(request.open.limits ?? {}))
    try {
      return await work(gathered, opened.hasten)
    } finally {
      await gathered.end
    }
  } finally {
    await opened.close()
  }
}

function described(facts: Facts, request: Pick<ScanRequest, 'version'>, ports: Ports) {
  const { target, distro, packages, problems } = facts
  return {
    tool: { name: 'sluice' as const, version: request.version },
    target,
    ...(distro !== undefined && { distro: distro satisfies Distro }),
    packages,
    problems,
    createdAt: `${wholeSecond(ports.now()).toISOString().slice(0, 19)}Z`,
  }
}

async function loadMatchings(packages: readonly Package[]): Promise<ReadonlyMap<string, Matching>> {
  const types = new Set(packages.map(({ type }) => type))
  const present = ecosystems.filter(({ id }) => types.has(id))
  return new Map(await Promise.all(present.map(async ({ id, loadMatching }) => [id, await loadMatching()] as const)))
}

/**
 * A flaw's ratings may come from any database that shares it, also one that holds nothing else for this target: what was
 * said of the flaws found is part of the digest, so that two stores that would judge differently never share one.
 */
function digestAdvisories(held: string, findings: readonly VulnerabilityFinding[], ports: Ports): string {
  const hasher = ports.hash('sha256')
  hasher.update(held)
  // Members of a flaw come in the order in which the store's reader writes them.
  hasher.update(JSON.stringify(findings.map(({ vulnerability }) => vulnerability)))
  return `sha256:${hasher.hex()}`
}

function digestPolicy(policy: Policy, ports: Ports): string {
  const hasher = ports.hash('sha256')
  hasher.update(canonicalPolicy(policy))
  return `sha256:${hasher.hex()}`
}

function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}

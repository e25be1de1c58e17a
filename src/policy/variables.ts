import type { Finding, SupportFinding, VulnerabilityFinding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import { parsePurl } from '#model/purl.ts'
import { severityRank } from '#model/severity.ts'
import type { Target } from '#model/target.ts'
import { day, parseTime } from './duration.ts'
import { repositoriesOf } from './scope.ts'

/** `image` as conditions see it; empty for targets that are no image. */
export function imageVariable(target: Target): object {
  return {
    labels: new Map(Object.entries(target.image?.labels ?? {})),
    tags: [...(target.image?.tags ?? [])],
    repository: repositoriesOf(target)[0] ?? '',
  }
}

/**
 * `finding` as conditions see it. What is not known of a vulnerability is left out, so that reading it is an error and
 * not a silent no; what does not apply to a kind is empty.
 */
export function findingVariable(finding: Finding, packages: readonly Package[], now: number): object {
  return finding.kind === 'vulnerability'
    ? vulnerabilityVariable(finding, packages, now)
    : supportVariable(finding, now)
}

function vulnerabilityVariable(finding: VulnerabilityFinding, packages: readonly Package[], now: number): object {
  const { vulnerability, fix } = finding
  const score = scoreOf(finding)
  const published = parseTime(vulnerability.published)
  const since = parseTime(fix.since)
  return {
    kind: finding.kind,
    id: vulnerability.id,
    aliases: vulnerability.aliases,
    severity: BigInt(severityRank(finding.severity)),
    ...(score !== undefined && { score }),
    ...(vulnerability.epss !== undefined && { epss: vulnerability.epss.score }),
    kev: vulnerability.kev !== undefined,
    ransomware: vulnerability.kev?.ransomware ?? false,
    fix: {
      available: fix.available,
      ...(fix.version !== undefined && { version: fix.version }),
      ...(since !== undefined && { age: days(since, now) }),
    },
    package: packageVariable(finding.package, packages),
    cwes: vulnerability.cwes,
    ...(published !== undefined && { published: new Date(published), age: days(published, now) }),
    support: '',
  }
}

function supportVariable(finding: SupportFinding, now: number): object {
  const ended = parseTime(finding.regularUntil) ?? now
  return {
    kind: finding.kind,
    id: finding.subject,
    aliases: [],
    severity: BigInt(severityRank(finding.severity)),
    score: 0,
    epss: 0,
    kev: false,
    ransomware: false,
    fix: { available: false, version: '', age: 0n },
    package: { name: '', version: '', type: '', purl: '', path: '', dev: false, base: false, owner: '' },
    cwes: [],
    published: new Date(ended),
    age: days(ended, now),
    support: finding.support,
  }
}

/** One purl may stand for several packages: `dev` and `base` are only true where they are for each. */
function packageVariable(purl: string, packages: readonly Package[]): object {
  const first = packages[0]
  const parts = first === undefined ? parsePurl(purl) : undefined
  return {
    name: first?.name ?? parts?.name ?? '',
    version: first?.version ?? parts?.version ?? '',
    type: first?.type ?? parts?.type ?? '',
    purl,
    path: first?.locations[0]?.path ?? '',
    dev: packages.length > 0 && packages.every(item => item.dev === true),
    base: packages.length > 0 && packages.every(item => item.introduced?.base === true),
    owner: first?.owner ?? '',
  }
}

/** The score behind the severity shown, else the highest that anybody gave. */
function scoreOf({ vulnerability }: VulnerabilityFinding): number | undefined {
  let shown: number | undefined
  let highest: number | undefined
  for (const { source, score } of vulnerability.ratings) {
    if (score === undefined) continue
    highest = Math.max(highest ?? score, score)
    if (source === vulnerability.severitySource) shown = Math.max(shown ?? score, score)
  }
  return shown ?? highest
}

/** Whole days that have passed; a time to come counts as today. */
function days(from: number, now: number): bigint {
  return BigInt(Math.max(0, Math.floor((now - from) / day)))
}

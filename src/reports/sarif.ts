import { printableJsonPieces } from '#lib/json.ts'
import type { Finding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import type { ScanResult } from '#model/report.ts'
import type { WaivedFinding } from '#model/verdict.ts'
import { levelOf, ruleId, ruleOf } from './sarif-rules.ts'
import { plainMessage, relativeUri, shorten } from './sarif-text.ts'
import { platformText, targetName, waiversOf } from './summary.ts'

/** Code scanning refuses runs with more results (https://docs.github.com/code-security/code-scanning). */
const maxResults = 25_000

/** Only the first location is shown; a few more help people who open the file. */
const maxLocations = 10

/**
 * SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/): one rule per flaw, one result per finding. Findings
 * come worst first, so what the limit of code scanning cuts off is the least.
 */
export function renderSarif(result: ScanResult): Generator<string> {
  const findings = result.findings.slice(0, maxResults)
  const rules = new Map<string, Finding>()
  for (const finding of findings) if (!rules.has(ruleId(finding))) rules.set(ruleId(finding), finding)
  const context = {
    packages: Map.groupBy(result.packages, item => item.purl),
    waivers: waiversOf(result),
    target: targetName(result),
    order: new Map([...rules.keys()].map((id, index) => [id, index])),
  }
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Sluice',
            version: result.tool.version,
            rules: [...rules].map(([id, finding]) => ruleOf(id, finding)),
          },
        },
        automationDetails: { id: category(result) },
        invocations: [{ executionSuccessful: true, ...notifications(result) }],
        columnKind: 'utf16CodeUnits',
        results: results(findings, context),
        properties: runProperties(result),
      },
    ],
  }
  return printableJsonPieces(log)
}

/** The part before the last `/` is the category: a later run of the same target replaces this one. */
function category(result: ScanResult): string {
  const { target } = result
  if (target.image === undefined) return `${target.kind}/${target.name}/`
  const name = targetName(result).split('@')[0] ?? ''
  const colon = name.lastIndexOf(':')
  const repository = colon > name.lastIndexOf('/') ? name.slice(0, colon) : name
  return `container/${repository}/${(platformText(result) ?? '').replaceAll('/', '-')}/`
}

interface Context {
  readonly packages: ReadonlyMap<string, readonly Package[]>
  readonly waivers: ReadonlyMap<string, WaivedFinding>
  readonly target: string
  /** Index of each rule. */
  readonly order: ReadonlyMap<string, number>
}

/** Made one by one as they are printed. */
function* results(findings: readonly Finding[], context: Context): Generator<object> {
  for (const finding of findings) yield resultOf(finding, context)
}

function resultOf(finding: Finding, context: Context): object {
  const waiver = context.waivers.get(finding.fingerprint)
  return {
    ruleId: ruleId(finding),
    ruleIndex: context.order.get(ruleId(finding)) ?? 0,
    level: levelOf(finding.severity),
    message: { text: message(finding, context) },
    locations: locationsOf(finding, context),
    partialFingerprints: { primaryLocationLineHash: finding.fingerprint, 'sluice/v1': finding.fingerprint },
    ...(waiver !== undefined && { suppressions: [suppression(waiver)] }),
    properties: { severity: finding.severity, ...(finding.kind === 'vulnerability' && { purl: finding.package }) },
  }
}

function suppression({ waiver, reason, expires }: WaivedFinding): object {
  return {
    kind: 'external',
    status: 'accepted',
    justification: shorten(`${reason} (waiver ${waiver}, until ${expires})`),
  }
}

function message(finding: Finding, { packages, target }: Context): string {
  if (finding.kind === 'end-of-life')
    return plainMessage(
      `${finding.subject} in ${target} is past its regular support, which ended ${finding.regularUntil}.`,
    )
  const carriers = packages.get(finding.package) ?? []
  const name = carriers[0] === undefined ? finding.package : `${carriers[0].name} ${carriers[0].version}`
  const paths = carriers.flatMap(item => item.locations.map(location => location.path))
  const { vulnerability, fix } = finding
  const lines = [
    `${name} in ${target} is affected by ${vulnerability.id}${vulnerability.summary === undefined ? '' : `: ${vulnerability.summary}`}.`,
    fix.version === undefined ? 'No fixed version is published.' : `Fixed in ${fix.version}.`,
    ...(paths.length === 0 ? [] : [`Seen at ${paths.slice(0, maxLocations).join(', ')}.`]),
  ]
  return lines.map(plainMessage).join('\n')
}

/** A result without a location is not shown by code scanning: where nothing is known the target's own name stands in. */
function locationsOf(finding: Finding, { packages, target }: Context): object[] {
  const isFlaw = finding.kind === 'vulnerability'
  const carriers = isFlaw ? (packages.get(finding.package) ?? []) : []
  const known = isFlaw
    ? carriers.flatMap(item => item.locations)
    : [finding.location].filter(item => item !== undefined)
  const places = known.length > 0 ? known.slice(0, maxLocations) : [{ path: target, line: undefined }]
  return places.map(({ path, line }) => ({
    physicalLocation: {
      artifactLocation: { uri: relativeUri(path) },
      region: { startLine: line ?? 1, startColumn: 1, endLine: line ?? 1, endColumn: 1 },
    },
    ...(isFlaw && { logicalLocations: [{ fullyQualifiedName: finding.package, kind: 'package' }] }),
  }))
}

/** What was not seen, so that a file without results does not look like a clean bill. */
function notifications(result: ScanResult): object {
  const problems = result.problems.map(({ code, detail, location }) => ({
    level: 'error',
    descriptor: { id: code },
    message: { text: plainMessage(detail) },
    ...(location !== undefined && {
      locations: [{ physicalLocation: { artifactLocation: { uri: relativeUri(location.path) } } }],
    }),
  }))
  const reasons = (result.verdict?.incomplete ?? [])
    .filter(reason => reason.code !== 'problem')
    .map(({ code, detail }) => ({ level: 'error', descriptor: { id: code }, message: { text: plainMessage(detail) } }))
  const all = [...problems, ...reasons].slice(0, 1000)
  return all.length === 0 ? {} : { toolExecutionNotifications: all }
}

function runProperties({ target, verdict }: ScanResult): object {
  const { image } = target
  return {
    target: target.name,
    ...(image !== undefined && {
      imageName: image.tags[0] ?? target.name,
      imageID: image.id,
      repoDigests: image.digest === undefined ? [] : [image.digest],
      repoTags: image.tags,
    }),
    ...(verdict !== undefined && { verdict: verdict.status, stage: verdict.stage, policy: verdict.inputs.policy }),
  }
}

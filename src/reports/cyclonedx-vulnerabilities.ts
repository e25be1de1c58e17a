import { compareText } from '#lib/text.ts'
import type { VulnerabilityFinding } from '#model/finding.ts'
import type { ScanResult } from '#model/report.ts'
import type { Rating } from '#model/severity.ts'
import type { WaivedFinding } from '#model/verdict.ts'
import { osvAddress } from './osv-address.ts'
import { waiversOf } from './summary.ts'

/** OpenVEX's words in CycloneDX's (https://cyclonedx.org/docs/1.6/json/#vulnerabilities_items_analysis_justification). */
const justifications: Readonly<Record<string, string>> = {
  component_not_present: 'code_not_present',
  vulnerable_code_not_present: 'code_not_present',
  vulnerable_code_not_in_execute_path: 'code_not_reachable',
  vulnerable_code_cannot_be_controlled_by_adversary: 'requires_environment',
  inline_mitigations_already_exist: 'protected_by_mitigating_control',
}

/**
 * One entry per flaw with every package it is in. A flaw that is waived in some packages and not in others is two
 * entries, because an analysis speaks for the whole entry. They are made one by one as they are printed.
 */
export function* cyclonedxVulnerabilities(result: ScanResult): Generator<object> {
  const waivers = waiversOf(result)
  const findings = result.findings.filter(finding => finding.kind === 'vulnerability')
  const groups = Map.groupBy(findings, finding => {
    const waiver = waivers.get(finding.fingerprint)
    return `${waiver?.waiver ?? ''}\n${finding.vulnerability.id}`
  })
  for (const group of groups.values()) yield vulnerability(group, waivers.get(group[0]!.fingerprint))
}

function vulnerability(findings: readonly VulnerabilityFinding[], waiver: WaivedFinding | undefined): object {
  const { vulnerability: flaw } = findings[0]!
  const ratings = flaw.ratings.map(rating)
  const cwes = cweNumbers(flaw.cwes)
  const fixes = fixTexts(findings)
  const affects = [...new Set(findings.map(finding => finding.package))].sort(compareText)
  return {
    'bom-ref': `vulnerability:${waiver === undefined ? '' : `${waiver.waiver}:`}${flaw.id}`,
    id: flaw.id,
    source: sourceOf(flaw.id),
    ...(flaw.aliases.length > 0 && { references: flaw.aliases.map(id => ({ id, source: sourceOf(id) })) }),
    ...(ratings.length > 0 && { ratings }),
    ...(cwes.length > 0 && { cwes }),
    ...(flaw.summary !== undefined && { description: flaw.summary }),
    ...(fixes !== '' && { recommendation: fixes }),
    ...advisoriesOf(flaw.references),
    ...(isTime(flaw.published) && { published: flaw.published }),
    ...(waiver !== undefined && { analysis: analysisOf(waiver) }),
    affects: affects.map(ref => ({ ref })),
    properties: propertiesOf(findings),
  }
}

function rating({ source, severity, score, vector, method }: Rating): object {
  return {
    source: { name: source },
    ...(score !== undefined && { score }),
    severity: severity.toLowerCase(),
    ...(method !== undefined && { method }),
    ...(vector !== undefined && { vector }),
  }
}

/** Who keeps the id. An id of no known form is looked up where all are collected. */
function sourceOf(id: string): object {
  if (/^CVE-\d{4}-\d{4,}$/.test(id)) return { name: 'NVD', url: `https://nvd.nist.gov/vuln/detail/${id}` }
  if (/^GHSA(?:-[a-z0-9]{4}){3}$/.test(id)) return { name: 'GitHub', url: `https://github.com/advisories/${id}` }
  return { name: 'OSV', url: osvAddress(id) }
}

function cweNumbers(cwes: readonly string[]): number[] {
  const numbers = cwes.map(text => Number(/^(?:CWE-)?([0-9]{1,6})$/.exec(text)?.[1] ?? 0))
  return [...new Set(numbers)].filter(number => number > 0).sort((a, b) => a - b)
}

function fixTexts(findings: readonly VulnerabilityFinding[]): string {
  const texts = findings.flatMap(({ package: purl, fix }) =>
    fix.version === undefined ? [] : [`Upgrade ${purl} to ${fix.version}.`],
  )
  return [...new Set(texts)].sort(compareText).join(' ')
}

/** Only addresses that are URIs to the format's own check. */
function advisoriesOf(references: readonly string[]): object {
  const urls = references.filter(url => /^https?:\/\/[\w.~:/?#@!$&'()*+,;=%-]+$/.test(url) && URL.canParse(url))
  return urls.length === 0 ? {} : { advisories: [...new Set(urls)].map(url => ({ url })) }
}

/** The format wants a full RFC 3339 time. */
function isTime(text: string | undefined): boolean {
  return (
    text !== undefined &&
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
}

/** A waiver with a justification is a claim that the flaw does no harm; one without accepts the harm for a while. */
function analysisOf({ waiver, reason, expires, justification }: WaivedFinding): object {
  const word = justification === undefined ? undefined : justifications[justification]
  return {
    state: word === undefined ? 'in_triage' : 'not_affected',
    ...(word !== undefined && { justification: word }),
    detail: `${reason} (waiver ${waiver}, until ${expires})`,
  }
}

function propertiesOf(findings: readonly VulnerabilityFinding[]): object[] {
  const { epss, kev } = findings[0]!.vulnerability
  const values: [string, string | undefined][] = [
    ['epss:score', epss?.score.toString()],
    ['epss:percentile', epss?.percentile.toString()],
    ['kev:added', kev?.added],
    ['severity:source', findings[0]!.vulnerability.severitySource],
    ...findings.map((finding): [string, string] => ['fingerprint', finding.fingerprint]),
  ]
  return values.flatMap(([name, value]) => (value === undefined ? [] : [{ name: `sluice:${name}`, value }]))
}

import type { Finding, VulnerabilityFinding } from '#model/finding.ts'
import type { Severity } from '#model/severity.ts'
import { markdownCode, markdownText } from './markdown-text.ts'
import { osvAddress } from './osv-address.ts'
import { plainMessage } from './sarif-text.ts'
import { urgency } from './summary.ts'

/** Scores that stand for a severity nobody gave a score for, in the middle of GitHub's bands. */
const bandScores: Readonly<Record<Severity, string | undefined>> = {
  CRITICAL: '9.5',
  HIGH: '8.0',
  MEDIUM: '5.5',
  LOW: '2.0',
  NONE: undefined,
  UNKNOWN: undefined,
}

/** Stable over targets and days: what code scanning groups alerts by. */
export function ruleId(finding: Finding): string {
  return finding.kind === 'vulnerability' ? finding.vulnerability.id : 'end-of-life'
}

/** SARIF's three levels. */
export function levelOf(severity: Severity): 'error' | 'warning' | 'note' {
  if (severity === 'CRITICAL' || severity === 'HIGH') return 'error'
  return severity === 'MEDIUM' ? 'warning' : 'note'
}

/** The descriptor of a rule, from the first finding of it. */
export function ruleOf(id: string, finding: Finding): object {
  const score = securitySeverity(finding)
  return {
    id,
    name: finding.kind === 'vulnerability' ? 'VulnerablePackage' : 'EndOfLife',
    shortDescription: { text: plainMessage(title(id, finding)) },
    fullDescription: { text: plainMessage(description(finding)) },
    ...(finding.kind === 'vulnerability' && { helpUri: osvAddress(id) }),
    help: help(id, finding),
    defaultConfiguration: { level: levelOf(finding.severity) },
    properties: {
      tags: tags(finding),
      precision: 'very-high',
      ...(score !== undefined && { 'security-severity': score }),
    },
  }
}

/** The score of whoever gave the severity; one that would fall into another band than the severity gives way. */
function securitySeverity(finding: Finding): string | undefined {
  const fallback = bandScores[finding.severity]
  if (finding.kind !== 'vulnerability') return fallback
  const { ratings, severitySource } = finding.vulnerability
  const score = ratings.find(item => item.source === severitySource && item.score !== undefined)?.score
  return score !== undefined && bandOf(score) === finding.severity ? score.toFixed(1) : fallback
}

/** GitHub's bands, which are those of CVSS 3. */
function bandOf(score: number): Severity {
  if (score >= 9) return 'CRITICAL'
  if (score >= 7) return 'HIGH'
  if (score >= 4) return 'MEDIUM'
  return score > 0 ? 'LOW' : 'NONE'
}

function title(id: string, finding: Finding): string {
  if (finding.kind !== 'vulnerability') return 'The distribution is past its regular support'
  return finding.vulnerability.summary === undefined ? id : `${id}: ${finding.vulnerability.summary}`
}

function description(finding: Finding): string {
  const ids = finding.kind === 'vulnerability' ? aliasText(finding) : ''
  return `${title(ruleId(finding), finding)}. ${ids}${urgency(finding).join(', ')}.`
}

function aliasText({ vulnerability }: VulnerabilityFinding): string {
  return vulnerability.aliases.length === 0 ? '' : `Also known as ${vulnerability.aliases.slice(0, 10).join(', ')}. `
}

function help(id: string, finding: Finding): object {
  if (finding.kind !== 'vulnerability') {
    const text = 'Move to a release in regular support.'
    return { text, markdown: text }
  }
  const { summary } = finding.vulnerability
  const facts = urgency(finding).join(', ')
  return {
    text: plainMessage(`${description(finding)} ${osvAddress(id)}`),
    markdown: `${markdownCode(id)}${summary === undefined ? '' : `: ${markdownText(summary)}`}\n\n${markdownText(facts)}\n\n[osv.dev](${osvAddress(id)})`,
  }
}

function tags(finding: Finding): string[] {
  if (finding.kind !== 'vulnerability') return ['security', 'end-of-life']
  return [
    'security',
    'vulnerability',
    finding.severity,
    ...(finding.vulnerability.kev === undefined ? [] : ['known-exploited']),
  ]
}

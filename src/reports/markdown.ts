import type { Finding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import type { ScanResult } from '#model/report.ts'
import type { VerdictStatus } from '#model/verdict.ts'
import { markdownCode, markdownText } from './markdown-text.ts'
import { osvAddress } from './osv-address.ts'
import {
  carriersOf,
  causesOf,
  epssText,
  findingName,
  packageCounts,
  packageNames,
  platformText,
  plural,
  severityLabel,
  severityText,
  targetName,
  urgency,
  verdictSentence,
  waiversOf,
} from './summary.ts'

/** Comments of code hosts end at 65,536 characters; whole rows are left out before that. */
const maxLength = 60_000

const maxCauses = 10
const maxActions = 15
const maxFindings = 200

const signs: Readonly<Record<VerdictStatus, string>> = {
  pass: '✅ Pass',
  warn: '⚠️ Pass, with warnings',
  fail: '❌ Fail',
  incomplete: '❓ Incomplete',
}

/**
 * GitHub Flavored Markdown for a comment on a pull request: verdict, reasons, what to change, and every finding folded
 * away. Text from the target is code or escaped prose, so that it can format, mention and link nothing. The comment at
 * the top lets a later run find and replace this one.
 */
export function renderMarkdown(result: ScanResult): string {
  const parts = [
    '<!-- sluice -->',
    head(result),
    causes(result),
    unseen(result),
    actions(result),
    notes(result),
    result.verdict === undefined ? inventory(result) : findings(result),
  ]
  const text: string[] = []
  let length = 0
  for (const line of parts
    .filter(part => part !== '')
    .join('\n\n')
    .split('\n')) {
    length += line.length + 1
    // A row is whole or missing; what is folded is closed either way.
    if (length > maxLength)
      return `${text.join('\n')}\n\n${text.includes('<details>') ? '</details>\n\n' : ''}The rest is left out.\n`
    text.push(line)
  }
  return `${text.join('\n')}\n`
}

function head(result: ScanResult): string {
  const { verdict, distro } = result
  const facts = [platformText(result), distro?.name, packageCounts(result)].filter(part => part !== undefined)
  const title = verdict === undefined ? 'Packages' : signs[verdict.status]
  const sentence = verdict === undefined ? '' : `\n\n${markdownText(verdictSentence(verdict))}`
  return `### ${title}: ${markdownCode(targetName(result))}\n\n${markdownText(facts.join(' · '))}${sentence}`
}

function causes(result: ScanResult): string {
  const failing = causesOf(result, 'fail')
  if (failing.length === 0) return ''
  const lines = failing.slice(0, maxCauses).map(({ name, finding, packages, violation }) => {
    const where = packages.length === 0 ? '' : ` in ${markdownCode(packageNames(packages))}`
    return `- ${nameLink(finding, name)}${where}: ${markdownText(urgency(finding).join(', '))}. ${markdownText(violation.title)}.`
  })
  const more = failing.length > maxCauses ? `\n- and ${failing.length - maxCauses} more` : ''
  return `#### Why\n\n${lines.join('\n')}${more}`
}

function unseen(result: ScanResult): string {
  const reasons = result.verdict?.incomplete.map(reason => reason.detail) ?? result.problems.map(({ detail }) => detail)
  if (reasons.length === 0) return ''
  const more = reasons.length > maxCauses ? `\n- and ${reasons.length - maxCauses} more` : ''
  return `#### Not seen\n\n${reasons
    .slice(0, maxCauses)
    .map(reason => `- ${markdownText(reason)}`)
    .join('\n')}${more}`
}

function actions(result: ScanResult): string {
  const upgrades = result.actions.filter(action => action.kind === 'upgrade')
  if (upgrades.length === 0) return ''
  const index = new Map(result.findings.map(finding => [finding.fingerprint, finding]))
  const rows = upgrades.slice(0, maxActions).map(action => {
    const removed = action.removes.map(fingerprint => index.get(fingerprint)).filter(item => item !== undefined)
    const from = action.from.map(markdownCode).slice(0, 3).join(', ')
    const to = action.to === undefined ? 'newer' : markdownCode(action.to)
    return `| ${markdownCode(action.name)} | ${from} | ${to} | ${action.base ? 'base image' : 'this build'} | ${severityText(removed)} |`
  })
  const more = upgrades.length > maxActions ? `\n\nand ${plural(upgrades.length - maxActions, 'smaller change')}` : ''
  return `#### What to change\n\n| Package | From | To | Where | Fixes |\n|---|---|---|---|---|\n${rows.join('\n')}${more}`
}

function notes({ verdict }: ScanResult): string {
  if (verdict === undefined || verdict.notes.length === 0) return ''
  return `#### Notes\n\n${verdict.notes
    .slice(0, maxCauses)
    .map(note => `- ${markdownText(note)}`)
    .join('\n')}`
}

function findings(result: ScanResult): string {
  if (result.findings.length === 0) return 'No findings.'
  const packages = Map.groupBy(result.packages, item => item.purl)
  const waived = waiversOf(result)
  const rows = result.findings.slice(0, maxFindings).map(finding => {
    const carriers = carriersOf(finding, packages)
    return findingRow(finding, carriers, waived.has(finding.fingerprint))
  })
  const more = result.findings.length > maxFindings ? `\n\nand ${result.findings.length - maxFindings} more` : ''
  const open = result.findings.filter(finding => !waived.has(finding.fingerprint))
  const title = `${plural(open.length, 'finding')}: ${severityText(open)}${waived.size === 0 ? '' : `, ${waived.size} waived`}`
  const table = `| Severity | Finding | Package | Fixed in | EPSS | |\n|---|---|---|---|---|---|\n${rows.join('\n')}`
  return `<details>\n<summary>${title}</summary>\n\n${table}${more}\n\n</details>`
}

function findingRow(finding: Finding, carriers: readonly Package[], isWaived: boolean): string {
  const first = carriers[0]
  const isFlaw = finding.kind === 'vulnerability'
  const named = first === undefined ? (isFlaw ? finding.package : '') : `${first.name} ${first.version}`
  const fixed = isFlaw ? (finding.fix.version === undefined ? 'no fix' : markdownCode(finding.fix.version)) : ''
  const marks = [
    ...(isFlaw && finding.vulnerability.kev !== undefined ? ['exploited'] : []),
    ...(first?.dev === true ? ['dev'] : []),
    ...(isWaived ? ['waived'] : []),
  ]
  const epss = isFlaw ? (epssText(finding) ?? '') : ''
  const carrier = named === '' ? '' : markdownCode(named)
  return `| ${severityLabel(finding.severity)} | ${nameLink(finding, findingName(finding))} | ${carrier} | ${fixed} | ${epss} | ${marks.join(', ')} |`
}

function inventory(result: ScanResult): string {
  if (result.packages.length === 0) return 'No packages.'
  const rows = result.packages.map(
    item => `| ${item.type} | ${markdownCode(item.name)} | ${markdownCode(item.version)} |`,
  )
  return `<details>\n<summary>${plural(result.packages.length, 'package')}</summary>\n\n| Type | Name | Version |\n|---|---|---|\n${rows.join('\n')}\n\n</details>`
}

/** Only ids of the usual form become links. */
function nameLink(finding: Finding, name: string): string {
  const isLinked = finding.kind === 'vulnerability' && /^[A-Za-z0-9][A-Za-z0-9-]{2,60}$/.test(name)
  return isLinked ? `[${name}](${osvAddress(name)})` : markdownCode(name)
}

import { printable, truncate, wrap } from '#lib/terminal.ts'
import type { Finding, SupportFinding } from '#model/finding.ts'
import type { Package } from '#model/package.ts'
import type { ScanResult } from '#model/report.ts'
import { type Cell, layOut, type Paint } from './paint.ts'
import { carriersOf, countSeverities, epssText, findingName, plural, severityLabel, waiversOf } from './summary.ts'
import { placeLines, severityStyles } from './table-style.ts'
import type { RenderOptions } from './types.ts'

/** How many findings of which kind there are, in one or two lines. */
export function countLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  const waived = waiversOf(result)
  const open = result.findings.filter(finding => !waived.has(finding.fingerprint))
  const flaws = open.filter(finding => finding.kind === 'vulnerability')
  const severities = countSeverities(open).map(({ severity, count }) => ({
    text: `${count} ${severityLabel(severity)}`,
    styles: severityStyles(severity),
  }))
  const exploited = flaws.filter(finding => finding.vulnerability.kev !== undefined).length
  const fixable = flaws.filter(finding => finding.fix.available).length
  const extras = [
    ...(exploited > 0 ? [`${exploited} known exploited`] : []),
    ...(open.length > 0 ? [`${fixable} with a fix`] : []),
    ...(waived.size > 0 ? [`${waived.size} waived`] : []),
  ]
  const counts = severities.map(({ text, styles }) => paint(text, ...styles)).join(' · ')
  const first = open.length === 0 ? 'none' : counts
  const rest = extras.length === 0 ? '' : paint(truncate(`  (${extras.join(', ')})`, options.width - 12), 'dim')
  const plain = `Findings  ${severities.map(({ text }) => text).join(' · ')}  (${extras.join(', ')})`
  const support = open.flatMap(finding => (finding.kind === 'end-of-life' ? supportLines(finding, options, paint) : []))
  if (plain.length <= options.width) return [`${paint('Findings', 'bold')}  ${first}${rest}`, ...support]
  return [`${paint('Findings', 'bold')}  ${first}`, rest, ...support]
}

/** How long fixes still come, for a release that is past its regular support. */
function supportLines(finding: SupportFinding, options: RenderOptions, paint: Paint): string[] {
  const { subject, support, regularUntil, lastUntil } = finding
  const until = support === 'ended' ? `the last support ended ${lastUntil}` : `extended support runs until ${lastUntil}`
  const text = printable(`${subject}: regular support ended ${regularUntil}, ${until}`)
  return wrap(text, options.width - 10).map(
    (line, index) => `${index === 0 ? paint('Support ', 'bold') : '        '}  ${line}`,
  )
}

/** Every finding, one line each, worst first. */
export function findingLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  if (result.findings.length === 0) return []
  const packages = Map.groupBy(result.packages, item => item.purl)
  const waived = waiversOf(result)
  const carriers = (finding: Finding): readonly Package[] => carriersOf(finding, packages)
  const rows = result.findings.map(finding => findingRow(finding, carriers(finding), waived.has(finding.fingerprint)))
  const head = ['Severity', 'Finding', 'Package', 'Fixed in', 'EPSS', ''].map(
    (text): Cell => ({ text, styles: ['dim'] }),
  )
  const [title = '', ...lines] = layOut([head, ...rows], { paint, width: options.width, indent: 2, elastic: 2 })
  return [
    paint(`All ${plural(result.findings.length, 'finding')}`, 'bold'),
    title,
    ...lines.flatMap((line, index) => [
      line,
      ...(options.paths ? placeLines(carriers(result.findings[index]!), options, paint) : []),
    ]),
  ]
}

function findingRow(finding: Finding, carriers: readonly Package[], isWaived: boolean): readonly Cell[] {
  const first = carriers[0]
  const isFlaw = finding.kind === 'vulnerability'
  const marks = [
    ...(isFlaw && finding.vulnerability.kev !== undefined ? ['exploited'] : []),
    ...(first?.dev === true ? ['dev'] : []),
    ...(isWaived ? ['waived'] : []),
  ]
  const carrier = first === undefined ? '' : `${first.name} ${first.version}`
  const text = isFlaw ? carrier || finding.package : `${finding.subject}, ${supportText(finding)}`
  return [
    { text: severityLabel(finding.severity), styles: severityStyles(finding.severity) },
    { text: isFlaw ? truncate(printable(findingName(finding)), 28) : 'end of life' },
    { text: printable(text) },
    {
      text: isFlaw ? truncate(printable(finding.fix.version ?? 'no fix'), 24) : '',
      styles: isFlaw && !finding.fix.available ? ['dim'] : [],
    },
    { text: isFlaw ? (epssText(finding) ?? '') : '' },
    { text: marks.join(', '), styles: ['yellow'] },
  ]
}

function supportText(finding: SupportFinding): string {
  return finding.support === 'ended' ? `ended ${finding.lastUntil}` : `extended support until ${finding.lastUntil}`
}

/** The inventory, for `sluice sbom`: every package by type and name. */
export function packageLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  if (result.packages.length === 0) return []
  const rows = result.packages.map((item): readonly Cell[] => [
    { text: item.type, styles: ['cyan'] },
    { text: printable(item.name) },
    { text: truncate(printable(item.version), 32) },
    { text: item.introduced?.base === true ? 'base image' : '', styles: ['dim'] },
    {
      text: [item.dev === true ? 'dev' : '', item.owner === undefined ? '' : 'owned'].filter(Boolean).join(', '),
      styles: ['dim'],
    },
  ])
  const lines = layOut(rows, { paint, width: options.width, indent: 2, elastic: 1 })
  return lines.flatMap((line, index) => [
    line,
    ...(options.paths ? placeLines([result.packages[index]!], options, paint) : []),
  ])
}

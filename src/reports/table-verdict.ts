import { printable, truncate, wrap } from '#lib/terminal.ts'
import type { ScanResult } from '#model/report.ts'
import type { IncompleteCode } from '#model/verdict.ts'
import { layOut, type Paint, tableWidth } from './paint.ts'
import { causesOf, findingName, packageNames, plural, urgency, verdictSentence, wayOut } from './summary.ts'
import { severityStyles, shortName, statusStyles } from './table-style.ts'
import type { RenderOptions } from './types.ts'

/** Three lines say why; more is a list. */
const maxCauses = 3

/** The verdict, why, and the next step. */
export function verdictLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  const { verdict } = result
  if (verdict === undefined) return []
  const badge = `${verdict.status.toUpperCase()}  `
  const [first = '', ...rest] = wrap(printable(verdictSentence(verdict)), options.width - badge.length)
  return [
    `${paint(badge, ...statusStyles[verdict.status])}${paint(first, 'bold')}`,
    ...rest.map(line => ' '.repeat(badge.length) + paint(line, 'bold')),
    ...causeLines(result, options, paint),
    ...nextLines(result, options).map(line => `  ${line}`),
  ]
}

function causeLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  const causes = causesOf(result, 'fail')
  const shown = options.all ? causes : causes.slice(0, maxCauses)
  const rows = shown.map(({ name, packages, finding, rules }) => [
    { text: '✗', styles: ['red' as const] },
    { text: printable(name), styles: ['bold' as const] },
    { text: printable(shortName(packageNames(packages))) },
    { text: printable(urgency(finding).join(', ')), styles: severityStyles(finding.severity) },
    { text: printable(rules.join(', ')), styles: ['dim' as const] },
  ])
  // The rules are in every other format; a line that is cut for them would hide the package.
  if (tableWidth(rows, 2) > options.width) for (const row of rows) row.pop()
  const more = causes.length - shown.length
  const lines = layOut(rows, { paint, width: options.width, indent: 2, elastic: 2 })
  return [...lines, ...(more === 0 ? [] : [paint(`  and ${more} more (--all)`, 'dim')])]
}

/** What a cause of incompleteness asks for. */
const remedies: Partial<Readonly<Record<IncompleteCode, string>>> = {
  'stale-advisories': 'Update the advisories: sluice feeds update',
  'missing-advisories': 'Update the advisories: sluice feeds update',
  'ended-distribution': 'Move to a distribution release that still gets fixes.',
  'stale-facts': 'Scan the target again.',
}

function nextLines(result: ScanResult, options: RenderOptions): string[] {
  const { actions, left } = wayOut(result)
  const upgrades = result.actions.filter(action => action.kind === 'upgrade')
  const numbers = actions.map(action => upgrades.indexOf(action) + 1)
  const lines: string[] = []
  if (numbers.length > 0) {
    const which =
      numbers.length > 6
        ? plural(numbers.length, 'change')
        : `${numbers.length === 1 ? 'Change' : 'Changes'} ${enumerate(numbers)}`
    lines.push(
      left.length === 0
        ? `${which} ${numbers.length === 1 ? 'takes' : 'take'} away everything that fails.`
        : `${which} ${numbers.length === 1 ? 'takes' : 'take'} away all that fails but ${left.slice(0, 3).map(findingName).join(', ')}${left.length > 3 ? ', …' : ''}.`,
    )
  } else if (left.length > 0) lines.push('No upgrade takes away what fails: replace the package, or ask for a waiver.')
  const remedyCodes = new Set((result.verdict?.incomplete ?? []).map(reason => reason.code))
  const wanted = new Set([...remedyCodes].map(code => remedies[code]))
  lines.push(...[...wanted].filter(remedy => remedy !== undefined))
  if (!options.all && result.findings.length > 0)
    lines.push(`Every finding: --all${options.paths ? '' : '   where it is: --paths'}`)
  return lines.map(line => truncate(printable(line), options.width - 2))
}

function enumerate(numbers: readonly number[]): string {
  return numbers.length < 2 ? numbers.join('') : `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`
}

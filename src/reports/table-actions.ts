import { printable, truncate } from '#lib/terminal.ts'
import type { Finding } from '#model/finding.ts'
import type { FixAction, ScanResult } from '#model/report.ts'
import { type Cell, layOut, type Paint, tableWidth } from './paint.ts'
import { countSeverities, plural, severityText, waiversOf, wayOut } from './summary.ts'
import { placeLines, severityStyles, shortName } from './table-style.ts'
import type { RenderOptions } from './types.ts'

/** So many changes fit on a screen together with the verdict. */
const maxActions = 8

/** What to change, in the order of effect, with what each change takes away; then what has no fix. */
export function actionLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  const findings = new Map(result.findings.map(finding => [finding.fingerprint, finding]))
  const upgrades = result.actions.filter(action => action.kind === 'upgrade')
  // What the verdict names has to be in the list.
  const needed = 1 + Math.max(...wayOut(result).actions.map(action => upgrades.indexOf(action)), -1)
  const shown = options.all ? upgrades : upgrades.slice(0, Math.max(maxActions, Math.min(needed, 2 * maxActions)))
  const rows = shown.map((action, index) => actionRow(action, index + 1, findings))
  // Where the change is made is told again below the list; the versions are told nowhere else.
  if (options.width < 90 && tableWidth(rows, 2) > options.width) for (const row of rows) row.splice(3, 1)
  const table = layOut(rows, { paint, width: options.width, indent: 2, elastic: 2 })
  const lines = table.flatMap((line, index) => [
    line,
    ...(options.paths ? placeLines(packagesOf(shown[index]!, result), options, paint) : []),
  ])
  const hidden = upgrades.slice(shown.length)
  return [
    ...(upgrades.length === 0 ? [] : [paint('What to change', 'bold'), ...lines]),
    ...(hidden.length === 0 ? [] : [paint(`  and ${plural(hidden.length, 'smaller change')} (--all)`, 'dim')]),
    ...baseLine(upgrades, options, paint),
    ...unfixedLine(result, options, paint),
  ]
}

function actionRow(action: FixAction, number: number, findings: ReadonlyMap<string, Finding>): Cell[] {
  const removed = action.removes.map(fingerprint => findings.get(fingerprint)).filter(item => item !== undefined)
  const worst = countSeverities(removed)[0]?.severity
  const from = action.from.length > 2 ? `${action.from.length} versions` : action.from.join(', ')
  const exploited = removed.some(item => item.kind === 'vulnerability' && item.vulnerability.kev !== undefined)
  return [
    { text: String(number), styles: ['dim'] },
    { text: printable(shortName(action.name)), styles: ['bold'] },
    { text: printable(`${from} → ${action.to ?? 'newer'}`) },
    { text: action.base ? 'base image' : 'this build', styles: ['cyan'] },
    {
      text: `fixes ${removed.length}: ${severityText(removed, 2)}${exploited ? ', exploited' : ''}`,
      styles: severityStyles(worst),
    },
  ]
}

/** Base-image packages are seldom upgraded one by one: the next base image has them all. */
function baseLine(upgrades: readonly FixAction[], options: RenderOptions, paint: Paint): string[] {
  const base = upgrades.filter(action => action.base)
  if (base.length === 0) return []
  const count = new Set(base.flatMap(action => action.removes)).size
  const text = `A rebuild on the current base image may fix ${plural(count, 'finding')} at once.`
  return [`  ${paint(truncate(text, options.width - 2), 'dim')}`]
}

function unfixedLine(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  const waived = waiversOf(result)
  const findings = new Map(result.findings.map(finding => [finding.fingerprint, finding]))
  const isOpen = (fingerprint: string): boolean => findings.has(fingerprint) && !waived.has(fingerprint)
  const waiting = result.actions.filter(action => action.kind === 'none' && action.removes.some(isOpen))
  const known = waiting.flatMap(action => action.removes.filter(isOpen).map(fingerprint => findings.get(fingerprint)!))
  if (known.length === 0) return []
  const names = options.all ? `: ${waiting.map(action => action.name).join(', ')}` : ''
  const text = `No fix is published for ${plural(known.length, 'finding')} in ${plural(waiting.length, 'package')} (${severityText(known)})${names}`
  return [`  ${paint(truncate(printable(text), options.width - 2), 'dim')}`]
}

function packagesOf(action: FixAction, result: ScanResult): ScanResult['packages'] {
  const purls = new Set(action.packages)
  return result.packages.filter(item => purls.has(item.purl))
}

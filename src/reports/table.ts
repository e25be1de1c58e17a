import { displayWidth, printable, truncate, wrap } from '#lib/terminal.ts'
import type { ScanResult } from '#model/report.ts'
import type { Verdict } from '#model/verdict.ts'
import { type Paint, painter } from './paint.ts'
import { packageCounts, platformText, plural, targetName } from './summary.ts'
import { actionLines } from './table-actions.ts'
import { countLines, findingLines, packageLines } from './table-lists.ts'
import { bullet, statusStyles } from './table-style.ts'
import { verdictLines } from './table-verdict.ts'
import type { RenderOptions } from './types.ts'

/**
 * The result for a person at a terminal: what was assessed, what to change, what was not seen, and last, where the eye
 * is when a build stops, the verdict with its reasons. Nothing from the target reaches the terminal unescaped.
 */
export function renderTable(result: ScanResult, options: RenderOptions): string {
  const paint = painter(options.color)
  const sections =
    result.verdict === undefined
      ? [headLines(result, options, paint), packageLines(result, options, paint), unseenLines(result, options, paint)]
      : [
          headLines(result, options, paint),
          ...(options.all ? [findingLines(result, options, paint)] : []),
          actionLines(result, options, paint),
          countLines(result, options, paint),
          unseenLines(result, options, paint),
          noteLines(result.verdict, options, paint),
          verdictLines(result, options, paint),
        ]
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`
}

function headLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  const { verdict, distro, advisories } = result
  const name = printable(targetName(result))
  const facts = [
    `read as ${result.target.scheme}`,
    platformText(result),
    distro?.name,
    packageCounts(result),
    advisories?.asOf === undefined ? undefined : `advisories of ${advisories.asOf.slice(0, 10)}`,
  ].filter(part => part !== undefined)
  const status = verdict?.status
  const badge = status === undefined ? '' : `${status.toUpperCase()}  `
  return [
    `${status === undefined ? '' : paint(badge, ...statusStyles[status])}${paint(truncate(name, options.width - badge.length), 'bold')}`,
    ...joined(facts.map(printable), options.width).map(line => paint(line, 'dim')),
  ]
}

/** The parts with dots between them, on lines that break only at the dots. */
function joined(parts: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const line = lines.at(-1)
    if (line !== undefined && displayWidth(`${line} · ${part}`) <= width) lines[lines.length - 1] = `${line} · ${part}`
    else lines.push(...wrap(part, width))
  }
  return lines
}

/** What keeps the verdict from being a clean one, each cause on its own lines. */
function unseenLines(result: ScanResult, options: RenderOptions, paint: Paint): string[] {
  const problems = result.problems.map(({ code, detail, location }) =>
    location === undefined ? `${code}: ${detail}` : `${code}: ${location.path}: ${detail}`,
  )
  const others = (result.verdict?.incomplete ?? []).filter(reason => reason.code !== 'problem')
  const causes = [
    ...others.map(reason => reason.detail),
    ...(result.verdict === undefined || options.all ? problems : gathered(result)),
  ]
  if (causes.length === 0) return []
  const shown = options.all ? causes : causes.slice(0, 6)
  const more = causes.length > shown.length ? [paint(`  and ${causes.length - shown.length} more`, 'dim')] : []
  return [
    paint('Not seen', 'bold'),
    ...shown.flatMap(cause => bullet(paint('!', 'magenta'), printable(cause), options.width)),
    ...more,
  ]
}

/** The verdict's own words, where it has any: they count what a list would spread out. */
function gathered(result: ScanResult): string[] {
  return (result.verdict?.incomplete ?? []).filter(reason => reason.code === 'problem').map(reason => reason.detail)
}

function noteLines(verdict: Verdict, options: RenderOptions, paint: Paint): string[] {
  if (verdict.notes.length === 0) return []
  const shown = options.all ? verdict.notes : verdict.notes.slice(0, 5)
  const more =
    verdict.notes.length > shown.length ? [paint(`  and ${plural(verdict.notes.length - 5, 'more note')}`, 'dim')] : []
  return [
    paint('Notes', 'bold'),
    ...shown.flatMap(note => bullet(paint('·', 'dim'), printable(note), options.width)),
    ...more,
  ]
}

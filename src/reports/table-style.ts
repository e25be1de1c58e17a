import { printable, truncate, wrap } from '#lib/terminal.ts'
import type { Package } from '#model/package.ts'
import type { VerdictStatus } from '#model/verdict.ts'
import type { Paint, Style } from './paint.ts'
import type { RenderOptions } from './types.ts'

/** How each status looks, everywhere. */
export const statusStyles: Readonly<Record<VerdictStatus, readonly Style[]>> = {
  pass: ['bold', 'green'],
  warn: ['bold', 'yellow'],
  fail: ['bold', 'red'],
  incomplete: ['bold', 'magenta'],
}

/** One look for each severity, everywhere. */
export function severityStyles(severity: string | undefined): readonly Style[] {
  if (severity === 'CRITICAL') return ['bold', 'red']
  if (severity === 'HIGH') return ['red']
  return severity === 'MEDIUM' ? ['yellow'] : []
}

/** Every place of the packages: the path, and the build step that brought it. */
export function placeLines(packages: readonly Package[], options: RenderOptions, paint: Paint): string[] {
  return packages.flatMap(item =>
    item.locations.map(({ path, line }) => {
      const step = item.introduced?.step === undefined ? '' : `  (${item.introduced.step})`
      const text = `${path}${line === undefined ? '' : `:${line}`}${step}`
      return `       ${paint(truncate(printable(text), options.width - 7), 'dim')}`
    }),
  )
}

/** A bullet with its text, wrapped and hung behind it. */
export function bullet(sign: string, text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, index) => `  ${index === 0 ? sign : ' '} ${line}`)
}

/** `log4j-core` of `org.apache.logging.log4j:log4j-core`: people know the artifact. */
export function shortName(name: string): string {
  return name.replace(/^[\w.-]+:(?=[\w.-]+(?: |$))/, '')
}

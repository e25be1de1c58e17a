import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { type LimitUnit, limitDefinitions } from '#model/limits.ts'
import { root, type SourceFile, sourceFiles } from '#test/architecture/sources.ts'

/** Where the reference is kept, from the repository's root. */
export const referencePath = 'docs/reference/limits.md'

/** The page: every bound that a person may raise, and every one that belongs to a format and its parser. */
export function limitsReference(files: readonly SourceFile[] = sourceFiles().filter(isReader)): string {
  const rows = limitDefinitions.map(
    ({ name, unit, value, what }) => `| \`${name}\` | ${valueText(value, unit)} | ${what} |`,
  )
  const structural = files.flatMap(structuralBounds)
  return `# Limits

<!-- Made by \`npm run reference\`; a test fails where it is stale. -->

Whatever a target claims of itself, Sluice reads it within bounds that real images do not meet. Where one is met, the
report has a problem \`limit\` with the place, the rest of the target is still read, and the verdict is \`incomplete\`:
never a pass over what was not seen.

## Limits you can raise

\`sluice scan TARGET --limit NAME=VALUE\`, also for \`sbom\`, once for each limit. Values are whole numbers; those of
bytes may end in K, M, G or T. A problem names the limit that was met.

| Limit | Default | Bounds |
|---|---|---|
${rows.join('\n')}

## Bounds of formats

They belong to the structure of one format or document, and stand beside the code that reads it.

| File | Bound | Value |
|---|---|---|
${structural.map(({ path, what, value }) => `| \`${path}\` | ${what} | ${value} |`).join('\n')}
`
}

/** What reports and commands show at most is no bound on what is read. */
function isReader({ path }: SourceFile): boolean {
  return !/^(?:cli|reports)\//.test(path)
}

interface StructuralBound {
  readonly path: string
  readonly what: string
  readonly value: string
}

/** Constants `max…` of a file, with the first sentence above each, else with the words of its name. */
export function structuralBounds({ path, text }: SourceFile): readonly StructuralBound[] {
  const pattern = /(?:\/\*\* ([^\n]*?) ?\*\/\n)?^(?:export )?const max([A-Z]\w*) = ([^\n]+)$/gm
  return [...text.matchAll(pattern)].map(([, above, name = '', expression = '']) => {
    const words = name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`).trim()
    const sentence = above?.split(/\. (?=[A-Z])/)[0]?.replace(/\.$/, '')
    const what = sentence === undefined ? `Most ${words}` : `${sentence} (\`max${name}\`)`
    return { path, what: what.replaceAll('|', '\\|'), value: expressionText(expression, name) }
  })
}

/** A product or power of numbers as its value, anything else as it is written. */
function expressionText(expression: string, name: string): string {
  const terms = expression.split(' * ').map(term => {
    const [base, exponent] = term.split(' ** ').map(number => Number(number.replaceAll('_', '')))
    return exponent === undefined ? base : base! ** exponent
  })
  const value = terms.reduce<number>((product, term) => product * (term ?? Number.NaN), 1)
  if (Number.isNaN(value)) return `\`${expression}\``
  return valueText(value, /Bytes|Length|Text|Body|Config|Manifest|Output|Answer|Inspect/.test(name) ? 'bytes' : 'count')
}

function valueText(value: number, unit: LimitUnit): string {
  if (unit === 'seconds') return value % 3600 === 0 ? `${value} s (${value / 3600} h)` : `${value} s`
  if (unit === 'bytes') {
    for (const [power, suffix] of [
      [40, 'TiB'],
      [30, 'GiB'],
      [20, 'MiB'],
      [10, 'KiB'],
    ] as const)
      if (value % 2 ** power === 0 && value > 0) return `${value / 2 ** power} ${suffix}`
  }
  const digits = String(value).replace(/\B(?=(?:\d{3})+$)/g, ',')
  return unit === 'times' ? `${digits} times` : digits
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) writeFileSync(join(root, referencePath), limitsReference())

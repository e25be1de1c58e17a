import { advisorySources } from '#advisories/index.ts'
import { type Command, type CommandOption, commands } from '#cli/commands.ts'
import { ecosystems } from '#ecosystems/index.ts'
import { imageSources } from '#images/index.ts'
import { distroTable } from '#model/distro-table.ts'
import { failureCodes } from '#model/failure-codes.ts'
import { problemCodes } from '#model/problem.ts'
import { reportFormats } from '#reports/index.ts'

/** Every page of `docs/reference` that is generated, by its file name. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['commands.md', page('Commands', 'src/cli/commands.ts', commandsBody())],
    ['ecosystems.md', page('Ecosystems', 'src/ecosystems/index.ts', ecosystemsBody())],
    ['errors.md', page('Errors', 'src/model/failure-codes.ts', errorsBody())],
    ['image-sources.md', page('Image sources', 'src/images/index.ts', imageSourcesBody())],
    ['reports.md', page('Reports', 'src/reports/index.ts', reportsBody())],
  ])
}

/** README.md with its tables of targets and ecosystems as they are in the code: between comments that name them. */
export function withGeneratedTables(readme: string): string {
  const tables = { targets: readmeTargets(), ecosystems: readmeEcosystems() }
  return Object.entries(tables).reduce((text, [name, content]) => {
    const pattern = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`)
    if (!pattern.test(text)) throw new Error(`README.md has no place for the table of ${name}`)
    return text.replace(pattern, (_, start: string, end: string) => `${start}\n${content}\n${end}`)
  }, readme)
}

function readmeEcosystems(): string {
  return table(
    ['Ecosystem', 'Packages', 'In detail'],
    ecosystems.map(({ id, title }) => [`\`${id}\``, title, `[what is read](src/ecosystems/${id}/README.md)`]),
  )
}

function readmeTargets(): string {
  return table(
    ['Target', 'Is'],
    imageSources.map(({ id, title }) => [id === 'stdin' ? '`-`' : `\`${id}:…\``, title]),
  )
}

function page(title: string, source: string, body: string): string {
  const note = `<!-- Generated from ${source} by tools/generate-reference.ts. Change that, not this. -->`
  return `${note}\n\n# ${title}\n\n${body}\n`
}

function commandsBody(): string {
  const list = table(
    ['Command', 'Does'],
    commands.map(({ name, summary }) => [`[\`sluice ${name}\`](#sluice-${name})`, summary]),
  )
  const codes = table(
    ['Exit code', 'Means'],
    [
      ['0', 'pass or warn; the work is done'],
      ['1', 'the policy says fail; a policy test fails'],
      ['2', 'the operation failed: usage, an unreadable target, no advisories, a feed that could not be updated'],
      [
        '3',
        'incomplete, and the policy does not accept that at this stage; for `sluice sbom`, a part could not be read',
      ],
    ],
  )
  return [list, codes, ...commands.map(commandSection)].join('\n\n')
}

function commandSection({ name, summary, usage, options, examples }: Command): string {
  const rows = options.map(option => [`\`${spelling(option)}\``, optionHelp(option)])
  return [
    `## sluice ${name}`,
    `${summary}.`,
    fenced(usage),
    ...(rows.length === 0 ? [] : [table(['Option', 'Does'], rows)]),
    fenced(examples.join('\n'), 'sh'),
  ].join('\n\n')
}

function spelling({ name, short, value }: CommandOption): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function optionHelp({ help, choices, multiple }: CommandOption): string {
  const values = choices === undefined ? '' : ` One of ${choices.map(choice => `\`${choice}\``).join(', ')}.`
  return `${help}${values}${multiple === true && !help.includes('several times') ? ' May be given several times.' : ''}`
}

function ecosystemsBody(): string {
  const list = table(
    ['Ecosystem', 'Packages', 'Belong to', 'Databases', 'Specification', 'What is read, proved, and not there yet'],
    ecosystems.map(({ id, title, kind, databases, spec }) => [
      `\`${id}\``,
      title,
      kind === 'system' ? 'the operating system' : 'a language',
      databases?.map(path => `\`${path}\``).join(' ') ?? '',
      `<${spec}>`,
      `[${id}](../../src/ecosystems/${id}/README.md)`,
    ]),
  )
  const distros = table(
    ['Distribution (`ID` in os-release)', 'Advisories in OSV', 'Support dates'],
    Object.entries(distroTable).map(([id, { osv, osvRule, product }]) => [
      `\`${id}\``,
      osv === undefined ? (osvRule === undefined ? 'none' : 'by release, see `src/model/distro-osv.ts`') : `\`${osv}\``,
      product === undefined ? 'none' : `\`${product}\``,
    ]),
  )
  const sources = table(
    ['Source', 'Holds', 'Address', 'Changes', 'Licence'],
    advisorySources.map(({ id, title, url, cadence, license }) => [`\`${id}\``, title, `<${url}>`, cadence, license]),
  )
  return [
    'The name is the type in a [package URL](https://github.com/package-url/purl-spec).',
    list,
    '## Distributions',
    'Operating-system packages are matched with the advisories of their release. A distribution without advisories, a\nderivative that is not listed, or an unknown release makes the verdict `incomplete`.',
    distros,
    '## Sources of advisories',
    sources,
  ].join('\n\n')
}

function errorsBody(): string {
  return [
    'What `sluice` says when an operation fails. It ends with exit code 2 then. Codes never change their meaning.',
    table(
      ['Code', 'Means'],
      Object.entries(failureCodes).map(([code, { title }]) => [`\`${code}\``, title]),
    ),
    '## Problems inside a target',
    'What cannot be read inside a target does not stop the scan: it is listed in the report with its place, and the\nverdict is `incomplete`. The codes: '.concat(
      `${problemCodes.map(code => `\`${code}\``).join(', ')}.`,
    ),
  ].join('\n\n')
}

function imageSourcesBody(): string {
  return [
    'A name without a scheme is offered to the sources in this order; the first that knows it takes it, and the report\nsays which.',
    table(
      ['Scheme', 'Is', 'Specification'],
      imageSources.map(({ id, title, spec }) => [id === 'stdin' ? '`-`' : `\`${id}:\``, title, `<${spec}>`]),
    ),
  ].join('\n\n')
}

function reportsBody(): string {
  const address = (spec: string) => (spec.startsWith('http') ? `<${spec}>` : `[${spec}](../../src/reports/${spec})`)
  return [
    '`-o FORMAT` prints a report, `-o FORMAT=FILE` writes it; one scan writes as many as are asked for.',
    table(
      ['Format', 'Is', 'Media type', 'Specification'],
      reportFormats.map(({ id, title, mediaType, spec }) => [`\`${id}\``, title, `\`${mediaType}\``, address(spec)]),
    ),
  ].join('\n\n')
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function fenced(text: string, language = ''): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

import type { FileProblem } from '#ecosystems/types.ts'
import type { PackageRow } from './package-row.ts'

/** Lines that are read. */
const maxLines = 200_000

/** Problems that are told one by one. */
const maxProblems = 20

/**
 * The packages of `container-manifest-2`: one line a package, made by `rpm -qa --qf` with the ten tab-separated fields
 * name, version-release, install time, build time, vendor, epoch, size, architecture, epoch number, source package
 * (https://github.com/microsoft/azurelinux, `toolkit/tools/imagegen`). Lines that do not fit are problems.
 */
export function parseManifest(text: string): { rows: readonly PackageRow[]; problems: readonly FileProblem[] } {
  const rows: PackageRow[] = []
  const problems: FileProblem[] = []
  for (const [index, line] of text.split('\n', maxLines).entries()) {
    if (line.trim() === '') continue
    const row = parseLine(line)
    if (row !== undefined) rows.push(row)
    else if (problems.length < maxProblems)
      problems.push({ code: 'unreadable', detail: 'The line does not describe a package', line: index + 1 })
  }
  return { rows, problems }
}

function parseLine(line: string): PackageRow | undefined {
  const fields = line.replace(/\r$/, '').split('\t')
  const [name, evr] = fields
  if (fields.length < 10 || !name || !evr) return undefined
  const dash = evr.lastIndexOf('-')
  if (dash <= 0) return undefined
  const epoch = /^\d{1,10}$/.test(fields[8]!) ? Number(fields[8]) : 0
  return {
    name,
    version: evr.slice(0, dash),
    release: evr.slice(dash + 1),
    ...(epoch > 0 && { epoch }),
    ...(isGiven(fields[7]) && { arch: fields[7]! }),
    ...(isGiven(fields[9]) && { sourceRpm: fields[9]! }),
  }
}

function isGiven(field: string | undefined): boolean {
  return field !== undefined && field !== '' && field !== '(none)'
}

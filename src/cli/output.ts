import { writeFile } from 'node:fs/promises'
import type { Tell } from '#engine/scan.ts'
import { Failure } from '#lib/failure.ts'
import type { ScanResult } from '#model/report.ts'
import { reportFormats } from '#reports/index.ts'
import type { RenderOptions } from '#reports/types.ts'
import type { Flags } from './flags.ts'
import { usageFailure } from './flags.ts'
import { isTerminalOut, writeOut } from './standard-output.ts'

/** One `-o FORMAT[=FILE]`. */
export interface Output {
  readonly format: string
  /** Undefined: standard output. */
  readonly file?: string
}

/** Reads every `-o`; refuses two reports on standard output, which nobody could tell apart. */
export function readOutputs(command: string, flags: Flags): readonly Output[] {
  const outputs = flags.values('output').map((text): Output => {
    const equals = text.indexOf('=')
    return equals < 0 ? { format: text } : { format: text.slice(0, equals), file: text.slice(equals + 1) }
  })
  if (outputs.some(({ file }) => file === ''))
    throw usageFailure(command, '-o FORMAT= needs a file name after the equals sign.')
  if (outputs.filter(({ file }) => file === undefined).length > 1) {
    throw usageFailure(
      command,
      'Only one report can go to standard output; give the others a file: -o json=report.json.',
    )
  }
  return outputs.length === 0 ? [{ format: 'table' }] : outputs
}

/** Bytes of a report that are made before it is known whether it will be written: more than most have. */
const maxAhead = 4 * 2 ** 20

/** Tells a result as the reports that were asked for, and calls `settle` before the first of them is written. */
export function tellBy(outputs: readonly Output[], flags: Flags, settle: () => void): Tell {
  return async result => {
    const write = await prepareReports(result, outputs, flags)
    return async () => {
      settle()
      await write()
    }
  }
}

/** Begins every report that was asked for, from the one result; what this gives writes them. */
export async function prepareReports(
  result: ScanResult,
  outputs: readonly Output[],
  flags: Flags,
): Promise<() => Promise<void>> {
  const reports: { readonly file: string | undefined; readonly pieces: Iterable<Uint8Array> }[] = []
  for (const { format, file } of outputs) {
    const render = await reportFormats.find(({ id }) => id === format)!.load()
    reports.push({ file, pieces: begun(render(result, renderOptions(flags, file === undefined))) })
  }
  return async () => {
    for (const { file, pieces } of reports) {
      if (file === undefined) print(pieces)
      else await save(file, pieces)
    }
  }
}

/** The same pieces in UTF-8, the first of them made already. */
function begun(pieces: Iterable<string>): Iterable<Uint8Array> {
  const encoder = new TextEncoder()
  const rest = Iterator.from(pieces).map(piece => encoder.encode(piece))
  const made: Uint8Array[] = []
  for (let length = 0; length < maxAhead; ) {
    const next = rest.next()
    if (next.done === true) return made
    made.push(next.value)
    length += next.value.length
  }
  return (function* () {
    yield* made
    yield* rest
  })()
}

/** Colour only for a terminal, and never against the user's word (https://no-color.org). */
function usesColor(flags: Pick<Flags, 'has'>): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (flags.has('no-color') || (NO_COLOR !== undefined && NO_COLOR !== '')) return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true
  return TERM !== 'dumb' && isTerminalOut()
}

/** Columns to write in: those of the terminal within reason, 100 where there is none. */
export function terminalWidth(): number {
  const columns = Number(process.env.COLUMNS) || (isTerminalOut() && process.stdout.columns) || 100
  return Math.max(60, Math.min(columns, 160))
}

function renderOptions(flags: Flags, toTerminal: boolean): RenderOptions {
  return {
    width: toTerminal ? terminalWidth() : 120,
    color: toTerminal && usesColor(flags),
    paths: flags.has('paths'),
    all: flags.has('all'),
  }
}

function print(pieces: Iterable<Uint8Array>): void {
  for (const piece of pieces) if (!writeOut(piece)) return
}

async function save(file: string, pieces: Iterable<Uint8Array>): Promise<void> {
  try {
    await writeFile(file, pieces)
  } catch (error) {
    // What has no code comes from the report, not from the system.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw new Failure('report/unwritable', `The report could not be written to ${file}: ${(error as Error).message}.`, {
      cause: error,
    })
  }
}

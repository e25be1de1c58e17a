import { Failure } from '#lib/failure.ts'
import { printable, printableLines } from '#lib/terminal.ts'

/** Tells a person what went wrong, on standard error, and gives the exit code: 2, the operation failed. */
export function report(error: unknown): number {
  if (error instanceof Failure) {
    process.stderr.write(`sluice: ${printableLines(error.message)}\n`)
    if (error.hint !== undefined) process.stderr.write(`  ${printable(error.hint)}\n`)
    return 2
  }
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('sluice: interrupted\n')
    return 2
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`sluice: this is a bug in Sluice, not in what you scan.\n${printableLines(stack)}\n`)
  process.stderr.write('  Please report it with the lines above.\n')
  return 2
}

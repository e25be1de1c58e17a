import { printable } from '#lib/terminal.ts'
import { mayBeTerminal } from './standard-output.ts'

/** The line that says what takes time; silent where nobody watches. */
export interface Progress {
  readonly update: (event: {
    readonly id: string
    readonly label: string
    readonly done: number
    readonly total?: number
  }) => void
  readonly say: (text: string) => void
  /** Takes the line away, before anything else is printed. */
  readonly clear: () => void
}

/** Redrawing more often costs time and is not seen. */
const interval = 80

/** A progress line on a terminal's standard error, and nothing anywhere else. */
export function createProgress(enabled: boolean, given?: NodeJS.WriteStream): Progress {
  const stream = enabled ? (given ?? standardError()) : undefined
  if (!stream?.isTTY) return { update: () => undefined, say: () => undefined, clear: () => undefined }
  let drawn = 0
  let shown = false
  const draw = (text: string) => {
    const now = Date.now()
    if (now - drawn < interval) return
    drawn = now
    shown = true
    stream.write(`\r\x1b[2K${printable(text).slice(0, Math.max(20, (stream.columns || 80) - 1))}`)
  }
  return {
    update: ({ label, done, total }) => draw(`${label}  ${amount(done, total)}`),
    say: draw,
    clear: () => {
      if (shown) stream.write('\r\x1b[2K')
      shown = false
    },
  }
}

/** Node's stream for it is made where it may be a terminal: that takes some milliseconds of a start. */
function standardError(): NodeJS.WriteStream | undefined {
  return mayBeTerminal(2) ? process.stderr : undefined
}

function amount(done: number, total: number | undefined): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  if (total === undefined || total <= 0) return megabytes(done)
  return `${Math.min(100, Math.floor((done / total) * 100))} % of ${megabytes(total)}`
}

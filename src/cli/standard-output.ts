import { fstatSync, statSync, writeSync } from 'node:fs'

/** How long to wait, in ms, for the reader of a pipe that somebody has set not to block. */
const patience = 5

let isClosed = false

/**
 * Writes to standard output; false where nobody reads it any more. By its number, since Node's stream for it loads what
 * that needs of pipes and the network, at each start. A reader that closes early (`| head`) is no failure of ours, and
 * changes no verdict. Where it cannot be written for any other reason, that is said, and the process ends with code 2.
 */
export function writeOut(text: string | Uint8Array): boolean {
  let rest = typeof text === 'string' ? Buffer.from(text) : text
  while (rest.length > 0 && !isClosed) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, patience)
      else if (code === 'EPIPE') isClosed = true
      else {
        process.stderr.write(`sluice: standard output cannot be written: ${message}\n`)
        process.exit(2)
      }
    }
  }
  return !isClosed
}

/** False where a descriptor is no terminal, as it is for files, pipes and the null device: nothing need be loaded then. */
export function mayBeTerminal(descriptor: 1 | 2): boolean {
  try {
    const stat = fstatSync(descriptor)
    return stat.isCharacterDevice() && stat.rdev !== statSync('/dev/null').rdev
  } catch {
    return true
  }
}

/** True where standard output is a terminal. */
export function isTerminalOut(): boolean {
  return mayBeTerminal(1) && process.stdout.isTTY === true
}

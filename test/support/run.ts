import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '#test/architecture/sources.ts'

/** How a child process ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly input?: Uint8Array | string
  readonly cwd?: string
}

/** Runs a program to its end and keeps what it printed. */
export function run(program: string, words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout!.on('data', chunk => stdout.push(chunk))
    child.stderr!.on('data', chunk => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', code => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
    })
    if (options.input !== undefined) child.stdin!.end(options.input)
  })
}

/** Runs Sluice as a user does, through the launcher. */
export function sluice(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(join(root, 'sluice'), words, options)
}

/** Runs a program that has to succeed, and gives its lines without the empty ones. */
export async function lines(
  program: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<readonly string[]> {
  const ended = await run(program, words, options)
  if (ended.code !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${ended.code}: ${ended.stderr}`)
  return ended.stdout.split('\n').filter(line => line !== '')
}

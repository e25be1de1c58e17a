import { Failure } from '#lib/failure.ts'
import { asString, member, parseJson } from '#lib/json.ts'
import type { Credential } from './credential.ts'

const helperName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const maxOutput = 65_536
/** Helpers of cloud providers fetch a token first. */
const timeout = 30_000

/**
 * Asks `docker-credential-<name> get` for a server's credential, over its standard input and output
 * (https://github.com/docker/docker-credential-helpers). Undefined where it has none or is not installed; throws
 * `registry/credentials` where it fails. Nothing that it prints is shown.
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Credential | undefined> {
  if (!helperName.test(name)) {
    throw new Failure('registry/credentials', 'The name of a credential helper holds characters that none may have', {
      hint: 'Check credsStore and credHelpers in the configuration of Docker',
    })
  }
  const program = `docker-credential-${name}`
  const { code, output } = await run(program, server, environment)
  if (code === 'absent') return undefined
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined
    throw failed(program, code === 'timeout' ? `did not answer within ${timeout / 1000} s` : `failed (${code})`)
  }
  const answer = parse(output)
  const user = asString(member(answer, 'Username'))
  const secret = asString(member(answer, 'Secret'))
  if (user === undefined || secret === undefined)
    throw failed(program, 'answered with something else than a credential')
  if (user === '' && secret === '') return undefined
  return user === '<token>' ? { kind: 'identity', token: secret } : { kind: 'password', user, password: secret }
}

function failed(program: string, why: string): Failure {
  return new Failure('registry/credentials', `${program} ${why}`, {
    hint: `Run it by hand to see why: echo SERVER | ${program} get`,
  })
}

function parse(output: string): unknown {
  try {
    return parseJson(output)
  } catch {
    return undefined
  }
}

interface Run {
  readonly code: number | string
  readonly output: string
}

async function run(program: string, input: string, environment: Readonly<Record<string, string | undefined>>) {
  const { spawn } = await import('node:child_process')
  return new Promise<Run>(resolve => {
    const child = spawn(program, ['get'], { env: { ...environment }, stdio: ['pipe', 'pipe', 'ignore'] })
    const chunks: Buffer[] = []
    let size = 0
    const finish = (code: number | string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      // Something the helper started may hold its output open.
      child.stdout.destroy()
      resolve({ code, output: Buffer.concat(chunks).toString('utf8') })
    }
    const timer = setTimeout(() => finish('timeout'), timeout)
    child.on('error', error => finish((error as { code?: string }).code === 'ENOENT' ? 'absent' : 'not started'))
    child.on('close', (code, signal) => finish(code ?? signal ?? 'ended'))
    child.stdin.on('error', () => {}) // It may end without reading.
    child.stdout.on('error', () => {})
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxOutput) finish('answered too much')
      else chunks.push(chunk)
    })
    child.stdin.end(input)
  })
}

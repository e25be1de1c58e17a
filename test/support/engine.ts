import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Docker engine that answers, and the way to leave it as it was found. */
export interface TestEngine {
  /** Runs `docker` and gives what it printed. */
  readonly docker: (...parameters: readonly string[]) => string
  /** Makes a one-layer image of these files, without any network. */
  readonly makeImage: (name: string, files: Readonly<Record<string, string>>) => void
  /** Removes the images that were made and ends the engine where this started it. */
  readonly stop: () => void
}

/** True where `docker` and an engine are there, or could be started. */
export function hasEngine(): boolean {
  return answers() || (hasProgram('docker') && hasProgram('dockerd') && process.getuid?.() === 0)
}

/** The running engine, or one that is started for the tests where none is running. */
export async function startEngine(): Promise<TestEngine> {
  const started = answers() ? undefined : await startDaemon()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-engine-'))
  const made: string[] = []
  const docker = (...parameters: readonly string[]) =>
    execFileSync('docker', parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 })

  const makeImage = (name: string, files: Readonly<Record<string, string>>) => {
    const root = mkdtempSync(join(folder, 'root-'))
    for (const [path, text] of Object.entries(files)) {
      const file = join(root, path)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, text)
    }
    const archive = join(folder, 'root.tar')
    execFileSync('tar', ['-C', root, '-cf', archive, '.'])
    docker('import', archive, name)
    made.push(name)
  }

  const stop = () => {
    for (const name of made) docker('rmi', '--force', name)
    rmSync(folder, { recursive: true, force: true })
    started?.kill('SIGTERM')
  }
  return { docker, makeImage, stop }
}

/** True where a program of this name is on the path. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function answers(): boolean {
  try {
    execFileSync('docker', ['version'], { stdio: 'ignore', timeout: 10_000 })
    return true
  } catch {
    return false
  }
}

async function startDaemon(): Promise<ChildProcess> {
  const daemon = spawn('dockerd', ['--iptables=false', '--bridge=none'], { stdio: 'ignore' })
  for (let attempt = 0; attempt < 60; attempt++) {
    if (answers()) return daemon
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  daemon.kill('SIGTERM')
  throw new Error('dockerd does not answer')
}

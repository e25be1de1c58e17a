import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Package } from '#model/package.ts'
import type { ScanResult } from '#model/report.ts'
import { type CorpusName, corpusHome, corpusImage } from '#test/support/corpus.ts'
import { type Ended, run, sluice } from '#test/support/run.ts'

/** A scan through the real command line, with its JSON report. */
export interface Scanned extends Ended {
  readonly report: ScanResult
}

/** When the suites judge, unless a test says otherwise: feeds and images stay what they are, clocks go on. */
const moment = ['--at', '2026-11-20T12:00:00Z']

/** Runs a command of Sluice that reports on a target, over the store that was built for the suites. */
export async function report(command: 'scan' | 'sbom', target: string, more: readonly string[] = []): Promise<Scanned> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-'))
  try {
    const file = join(folder, 'report.json')
    const words = [
      command,
      target,
      '-o',
      `json=${file}`,
      ...(command === 'scan' ? ['--offline', ...moment] : []),
      ...more,
    ]
    const ended = await sluice(words, { environment: { SLUICE_HOME: corpusHome } })
    if (ended.code === 2) throw new Error(`sluice ${words.join(' ')} failed: ${ended.stderr}`)
    return { ...ended, report: JSON.parse(readFileSync(file, 'utf8')) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const inventories = new Map<string, Promise<Scanned>>()

/** The packages of a corpus image; read once for all tests of a file. */
export function inventoryOf(name: CorpusName): Promise<Scanned> {
  const known = inventories.get(name) ?? report('sbom', corpusImage(name)!)
  inventories.set(name, known)
  return known
}

/** Packages of one ecosystem. */
export function ofType(result: ScanResult, type: string): readonly Package[] {
  return result.packages.filter(found => found.type === type)
}

/** Runs a program inside a corpus image. */
export async function inImage(name: CorpusName, words: readonly string[]): Promise<string> {
  const ended = await run('docker', ['run', '--rm', '--network=none', '--entrypoint', '', `corpus/${name}:1`, ...words])
  if (ended.code !== 0) throw new Error(`docker run ${name}: ${ended.stderr}`)
  return ended.stdout
}

/** Copies a path out of a corpus image into a new folder; the caller removes it. */
export async function copyOut(name: CorpusName, path: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-copy-'))
  const created = await run('docker', ['create', `corpus/${name}:1`, '/none'])
  const container = created.stdout.trim()
  const copied = await run('docker', ['cp', `${container}:${path}`, folder])
  await run('docker', ['rm', container])
  if (copied.code !== 0) throw new Error(`docker cp ${name}:${path}: ${copied.stderr}`)
  return folder
}

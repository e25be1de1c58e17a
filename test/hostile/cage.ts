import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { root } from '#test/architecture/sources.ts'
import { type Ended, run } from '#test/support/run.ts'

/** What every target is held to, whatever it holds: seconds, and mebibytes at the peak. */
const bounds = { seconds: 20, mebibytes: 512 }

const timer = '/usr/bin/time'

/** How a run ended, and what it took. */
export interface Probed extends Ended {
  readonly seconds: number
  /** Undefined where there is no GNU time to measure it. */
  readonly mebibytes?: number
}

export interface ProbeOptions {
  /** Sluice's home, where it is not a fresh one. */
  readonly home?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Files that the run is told to write. */
  readonly writes?: readonly string[]
}

/** Folders that stand for a user's machine, in which Sluice may change nothing but its own home. */
export interface Cage {
  /** A fresh path for a target. */
  readonly next: (extension?: string) => string
  /** A home for Sluice that stays. */
  readonly home: (name: string) => string
  /** A file of the host that no target may make Sluice read: a manifest of the npm package `secret-of-the-host`. */
  readonly secret: string
  /** Runs `./sluice` and holds it to every promise that does not depend on the target. */
  readonly probe: (words: readonly string[], options?: ProbeOptions) => Promise<Probed>
  /** Prints the longest and the largest of all runs. */
  readonly close: () => void
}

/** Makes a cage below the system's temporary folder. */
export function openCage(name: string): Cage {
  const folder = mkdtempSync(join(tmpdir(), `sluice-hostile-${name}-`))
  for (const part of ['targets', 'homes', 'work', 'user', 'tmp', 'outside']) mkdirSync(join(folder, part))
  const secret = join(folder, 'outside/package.json')
  writeFileSync(secret, '{"name":"secret-of-the-host","version":"6.6.6"}')
  let count = 0
  const worst = { seconds: 0, mebibytes: 0 }
  const probe = async (words: readonly string[], options: ProbeOptions = {}) => {
    const home = options.home ?? join(folder, 'homes', String(++count))
    const before = listing(folder)
    const probed = await measured(folder, words, { ...options, home })
    worst.seconds = Math.max(worst.seconds, probed.seconds)
    worst.mebibytes = Math.max(worst.mebibytes, probed.mebibytes ?? 0)
    expectPromises(words.join(' '), probed)
    const written = new Set(options.writes ?? [])
    const changed = difference(before, listing(folder)).filter(path => !written.has(path))
    expect(changed, 'files outside SLUICE_HOME that changed').toEqual([])
    if (options.home === undefined) rmSync(home, { recursive: true, force: true })
    return probed
  }
  return {
    next: (extension = '') => join(folder, 'targets', `${++count}${extension}`),
    secret,
    home: kept => join(folder, 'homes', kept),
    probe,
    close: () => {
      console.info(`${name}: ${count} paths, worst ${worst.seconds.toFixed(1)} s and ${worst.mebibytes.toFixed(0)} MiB`)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Exit code, names of packages and codes of problems of `sbom TARGET`; stderr where nothing was listed. */
export async function list(cage: Cage, target: string, more: readonly string[] = []) {
  const { code, stdout, stderr } = await cage.probe(['sbom', target, '-q', '-o', 'json', ...more])
  if (code === 2) return { code, stderr, names: [], codes: [] }
  const { packages, problems } = JSON.parse(stdout)
  const names: string[] = packages.map((item: { name: string }) => item.name)
  const codes: string[] = [...new Set<string>(problems.map((problem: { code: string }) => problem.code))]
  return { code, stderr, names, codes }
}

/** Characters that change how the text around them is shown, and lines that a CI system would obey. */
export const unsafe = /[\u202a-\u202e\u2066-\u2069]|^(::|##\[|##vso)/m

/** Runs with every report of the command: the table on standard output, the others in files, as text by format. */
export async function inEveryFormat(cage: Cage, words: readonly string[], options: ProbeOptions = {}) {
  const formats = ['json', 'markdown', 'cyclonedx', ...(words[0] === 'scan' ? ['sarif'] : [])]
  const files = new Map(formats.map(format => [format, cage.next()]))
  const outputs = [...files].flatMap(([format, file]) => ['-o', `${format}=${file}`])
  const writes = [...files.values(), join([...files.values()][0]!, '..')]
  const ended = await cage.probe([...words, '-o', 'table', ...outputs], { ...options, writes })
  const reports = [...files].map(([format, file]) => [format, readFileSync(file, 'utf8')] as const)
  for (const [format, text] of reports) expect(controlIn(text), format).toBe('')
  return { ...ended, reports }
}

let runs = 0
async function measured(folder: string, words: readonly string[], options: ProbeOptions): Promise<Probed> {
  const figures = join(folder, 'homes', `${++runs}.figures`)
  const program = join(root, 'sluice')
  const timed = hasTimer()
  const [command, parameters] = timed ? [timer, ['-f', '%M', '-o', figures, program, ...words]] : [program, words]
  const started = performance.now()
  const ended = await run(command, parameters, {
    cwd: join(folder, 'work'),
    environment: {
      HOME: join(folder, 'user'),
      TMPDIR: join(folder, 'tmp'),
      XDG_DATA_HOME: undefined,
      XDG_CACHE_HOME: undefined,
      SLUICE_HOME: options.home,
      ...options.environment,
    },
  })
  const seconds = (performance.now() - started) / 1000
  if (!timed) return { ...ended, seconds }
  const kibibytes = Number(readFileSync(figures, 'utf8').trim().split('\n').at(-1))
  return { ...ended, seconds, mebibytes: kibibytes / 1024 }
}

let told = false
function hasTimer(): boolean {
  const found = lstatSync(timer, { throwIfNoEntry: false }) !== undefined
  if (!found && !told) console.warn('SKIPPED: peak memory is not measured, it needs GNU time at /usr/bin/time')
  told = true
  return found
}

function expectPromises(what: string, { code, stdout, stderr, seconds, mebibytes }: Probed): void {
  expect([0, 1, 2, 3], `${what}: ${stderr}`).toContain(code)
  expect(stderr).not.toContain('bug in Sluice')
  expect(stdout).not.toContain('secret-of-the-host')
  for (const text of [stdout, stderr]) expect(controlIn(text), what).toBe('')
  expect(seconds, what).toBeLessThan(bounds.seconds)
  expect(mebibytes ?? 0, what).toBeLessThan(bounds.mebibytes)
}

/** The text around the first control character that is no line end or tab. */
function controlIn(text: string): string {
  const at = text.search(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
  return at < 0 ? '' : JSON.stringify(text.slice(Math.max(0, at - 40), at + 20))
}

/** Everything in the cage but Sluice's homes: kind, size and time of change of each path. */
function listing(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const visit = (path: string) => {
    const { mode, size, mtimeNs, ino } = lstatSync(path, { bigint: true })
    found.set(path, [mode, size, mtimeNs, ino].join(' '))
    if ((mode & 0o170000n) !== 0o040000n) return
    for (const name of readdirSync(path)) visit(join(path, name))
  }
  for (const name of readdirSync(folder)) if (name !== 'homes') visit(join(folder, name))
  return found
}

function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(path => before.get(path) !== after.get(path))
}

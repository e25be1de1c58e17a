import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { grypeEnvironment, hasGrypeDatabase } from './grype-database.ts'
import type { Run } from './measure.ts'

/** What is compared with what: the same work only. */
export type Work = 'list' | 'match'

/** How an input is given to a program. */
export type InputKind = 'archive' | 'layout' | 'directory'

/** A scanner as it is measured. */
export interface Program {
  readonly name: string
  readonly work: Work
  readonly version: () => string
  /** The run over an input; undefined where the program cannot read that kind. */
  readonly run: (kind: InputKind, path: string) => Run | undefined
  /** Forgets everything that a run before this one left. */
  readonly forget: () => void
  /** False for a program that keeps nothing between runs. */
  readonly hasCache: boolean
}

/** Where the peers are, the advisories they read, and where tools may keep things. */
export interface Places {
  /** Sluice. */
  readonly program: string
  readonly peers: string
  readonly feeds: string
  readonly scratch: string
}

/** Ours, listing and judging, and the peers, where they are built. */
export function programsIn(places: Places): readonly Program[] {
  const peers = [trivy(places), syft(places), osvScanner(places), grype(places)]
  return [sluice(places, 'list'), sluice(places, 'match'), ...peers].filter(program => program !== undefined)
}

function sluice({ program, scratch }: Places, work: Work): Program {
  const home = join(scratch, 'sluice')
  const schemes = { archive: 'docker-archive', layout: 'oci', directory: 'dir' }
  const command = work === 'list' ? ['sbom', '-q', '-o', 'cyclonedx'] : ['scan', '-q', '--offline', '-o', 'json']
  return {
    name: `Sluice, ${work === 'list' ? 'listing' : 'listing, matching and verdict'}`,
    work,
    version: () => textOf(program, ['--version']).replace('sluice ', ''),
    run: (kind, path) => ({
      program,
      words: [...command, `${schemes[kind]}:${path}`],
      environment: { SLUICE_HOME: home },
      accepts: [0, 1, 3],
    }),
    forget: () => {
      for (const name of ['facts', 'seen', 'answers'])
        rmSync(join(home, 'cache', name), { recursive: true, force: true })
    },
    hasCache: true,
  }
}

function trivy({ peers, scratch }: Places): Program | undefined {
  const program = join(peers, 'trivy')
  if (!existsSync(program)) return undefined
  const cache = join(scratch, 'trivy')
  const common = ['--cache-dir', cache, '--format', 'cyclonedx', '--output', '/dev/null', '--offline-scan', '--quiet']
  return {
    name: 'Trivy, listing',
    work: 'list',
    version: () => /Version: (\S+)/.exec(textOf(program, ['--version']))?.[1] ?? '',
    run: (kind, path) => ({
      program,
      words: kind === 'directory' ? ['fs', ...common, path] : ['image', ...common, '--input', path],
      accepts: [0],
    }),
    forget: () => rmSync(cache, { recursive: true, force: true }),
    hasCache: true,
  }
}

function syft({ peers, scratch }: Places): Program | undefined {
  const program = join(peers, 'syft')
  if (!existsSync(program)) return undefined
  const schemes = { archive: 'docker-archive', layout: 'oci-dir', directory: 'dir' }
  return {
    name: 'Syft, listing',
    work: 'list',
    version: () => /Version:\s+(\S+)/.exec(textOf(program, ['version']))?.[1] ?? '',
    run: (kind, path) => ({
      program,
      words: ['scan', '--quiet', '-o', 'cyclonedx-json=/dev/null', `${schemes[kind]}:${path}`],
      environment: { SYFT_CHECK_FOR_APP_UPDATE: 'false', XDG_CACHE_HOME: join(scratch, 'syft') },
      accepts: [0],
    }),
    forget: () => rmSync(join(scratch, 'syft'), { recursive: true, force: true }),
    hasCache: false,
  }
}

/** Reads the same OSV zips that our store is built from, from a folder in its own layout. */
function osvScanner({ peers, feeds, scratch }: Places): Program | undefined {
  const program = join(peers, 'osv-scanner')
  if (!existsSync(program) || !existsSync(join(feeds, 'osv'))) return undefined
  const databases = join(scratch, 'osv')
  for (const { name } of readdirSync(join(feeds, 'osv'), { withFileTypes: true }).filter(item => item.isDirectory())) {
    mkdirSync(join(databases, 'osv-scalibr', name), { recursive: true })
    const link = join(databases, 'osv-scalibr', name, 'all.zip')
    if (!existsSync(link)) symlinkSync(join(feeds, 'osv', name, 'all.zip'), link)
  }
  const common = ['--offline-vulnerabilities', '--all-packages', '--format', 'json', '--output-file', '/dev/null']
  return {
    name: 'OSV-Scanner, listing and matching',
    work: 'match',
    version: () => /version: (\S+)/.exec(textOf(program, ['--version']))?.[1] ?? '',
    run: (kind, path) => {
      if (kind === 'layout') return undefined
      const words =
        kind === 'archive' ? ['scan', 'image', ...common, '--archive', path] : ['scan', 'source', ...common, '-r', path]
      // 1 says that there were findings, 127 and 128 that there was nothing to find.
      return {
        program,
        words,
        environment: { OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY: databases },
        accepts: [0, 1, 127, 128],
      }
    },
    forget: () => undefined,
    hasCache: false,
  }
}

/** Matches against a database of the same advisories that our store has; see `prepareGrypeDatabase`. */
function grype({ peers, scratch }: Places): Program | undefined {
  const program = join(peers, 'grype')
  if (!existsSync(program) || !hasGrypeDatabase(scratch)) return undefined
  const schemes = { archive: 'docker-archive', layout: 'oci-dir', directory: 'dir' }
  const environment = grypeEnvironment(scratch)
  return {
    name: 'Grype, listing and matching',
    work: 'match',
    version: () => /Version:\s+(\S+)/.exec(textOf(program, ['version']))?.[1] ?? '',
    run: (kind, path) => ({
      program,
      words: ['--quiet', '-o', 'json=/dev/null', `${schemes[kind]}:${path}`],
      environment,
      accepts: [0],
    }),
    forget: () => rmSync(environment.XDG_CACHE_HOME, { recursive: true, force: true }),
    hasCache: false,
  }
}

function textOf(program: string, words: readonly string[]): string {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

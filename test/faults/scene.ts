import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '#test/architecture/sources.ts'
import { writeDockerArchive } from '#test/images/image-writer.ts'
import type { TarItem } from '#test/images/tar-writer.ts'
import { type Ended, run, sluice } from '#test/support/run.ts'

/** An image and advisories for it: what scans of a suite begin with. */
export interface Scene {
  readonly folder: string
  readonly image: string
  /** A home with the advisories and no facts of layers. */
  readonly freshHome: () => Promise<string>
  /** What a scan prints that nothing disturbs. */
  readonly clean: string
  /** How many files the cache has after that scan. */
  readonly entries: number
  readonly remove: () => void
}

/** How large the image is. */
export interface SceneOptions {
  /** In each of three layers of Node.js packages; reading the default of 1200 takes a good part of a second. */
  readonly packagesPerLayer?: number
}

/** The moment that every scan is judged at, so that their reports are the same. */
const moment = '2026-11-01T00:00:00Z'

/** The words of the scan that every suite disturbs. */
export function scanWords(image: string): readonly string[] {
  return ['scan', `docker-archive:${image}`, '--offline', '--quiet', '--at', moment, '-o', 'json']
}

/** Writes the image, imports the advisories of `demo/` and scans once. */
export async function openScene({ packagesPerLayer = 1200 }: SceneOptions = {}): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-faults-'))
  const layers = [system(), ...[1, 2, 3].map(layer => nodeLayer(layer, packagesPerLayer))]
  const image = writeDockerArchive(join(folder, 'image.tar'), [{ layers }])
  const kept = join(folder, 'kept')
  const demo = await sluice(['demo', '--keep', kept, '--quiet'], { environment: { SLUICE_HOME: join(folder, 'demo') } })
  if (demo.code !== 0) throw new Error(`sluice demo ended with ${demo.code}: ${demo.stderr}`)
  let homes = 0
  const freshHome = async () => {
    const home = join(folder, `home-${++homes}`)
    mkdirSync(home)
    const copied = await run('cp', ['-a', join(kept, 'home', 'data'), home])
    if (copied.code !== 0) throw new Error(copied.stderr)
    return home
  }
  const home = await freshHome()
  const first = await sluice(scanWords(image), { environment: { SLUICE_HOME: home } })
  if (first.code === 2 || first.stderr !== '') throw new Error(`The scan failed: ${first.stderr}`)
  const entries = filesBelow(join(home, 'cache', 'facts')).length
  return {
    folder,
    image,
    freshHome,
    clean: first.stdout,
    entries,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Scans the scene's image in this home. */
export function scanIn(scene: Scene, home: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return sluice(scanWords(scene.image), { environment: { SLUICE_HOME: home, ...environment } })
}

/** Every regular file below a folder that is there, by its path. */
export function filesBelow(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return names.map(name => join(folder, name)).filter(path => statSync(path).isFile())
  } catch {
    return []
  }
}

function system(): readonly TarItem[] {
  const debian = join(root, 'src/ecosystems/deb/fixtures/debian-12')
  return [
    { name: 'etc/os-release', body: readFileSync(join(debian, 'etc/os-release')) },
    { name: 'var/lib/dpkg/status', body: readFileSync(join(debian, 'var/lib/dpkg/status')) },
  ]
}

function nodeLayer(layer: number, packagesPerLayer: number): readonly TarItem[] {
  const names = ['lodash', 'minimist', 'ejs', ...Array.from({ length: packagesPerLayer }, (_, index) => `p${index}`)]
  return names.map(name => ({
    name: `srv/app-${layer}/node_modules/${name}/package.json`,
    body: JSON.stringify({ name, version: `${layer}.0.${name.length}`, license: 'MIT' }),
  }))
}

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { corpusFolder, corpusHome, corpusImage, corpusNames } from './corpus.ts'
import { run, sluice } from './run.ts'
import { sharedPath } from './shared.ts'

/**
 * Runs once before all suites: builds the corpus images that are missing and the advisory store, where the recipes and
 * feeds are at hand. What cannot be built is told here, and the suites that need it are then skipped or fail.
 */
export async function setup(): Promise<void> {
  const recipe = sharedPath('corpus', 'build.sh')
  const feeds = sharedPath('feeds')
  if (recipe === undefined || feeds === undefined) {
    console.warn('SKIPPED: ../shared is not here, so the suites over its corpus, feeds and schemas do not run')
    return
  }
  mkdirSync(corpusFolder, { recursive: true })
  await buildImages(recipe)
  await loadImages()
  await buildStore(feeds)
}

async function buildImages(recipe: string): Promise<void> {
  const missing = corpusNames.filter(name => corpusImage(name) === undefined)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 && !existsSync('/var/run/docker.sock')) {
    console.warn('SKIPPED: building the corpus needs root or a Docker engine')
    return
  }
  console.info(`building corpus images, once: ${missing.join(', ')}`)
  const built = await run('bash', [recipe, corpusFolder, ...missing])
  if (built.code !== 0) console.warn(`building the corpus failed:\n${built.stderr.slice(-2000)}`)
}

/** The suites ask the images' own tools, in the engine: it has to hold the very images that the archives do. */
async function loadImages(): Promise<void> {
  for (const name of corpusNames) {
    const archive = corpusImage(name)
    if (archive === undefined) continue
    const manifest = await run('tar', ['-xOf', archive, 'manifest.json'])
    const [image] = JSON.parse(manifest.stdout) as [{ readonly Config: string }]
    const held = await run('docker', ['image', 'inspect', '-f', '{{.Id}}', `corpus/${name}:1`])
    if (held.stdout.trim() === `sha256:${image.Config.replace('.json', '')}`) continue
    const loaded = await run('docker', ['load', '-q', '-i', archive])
    if (loaded.code !== 0) console.warn(`loading ${name} into the engine failed:\n${loaded.stderr}`)
  }
}

/** The store is built anew in every run: the code that builds it is what is tested. */
async function buildStore(feeds: string): Promise<void> {
  rmSync(corpusHome, { recursive: true, force: true })
  const started = Date.now()
  const built = await sluice(['feeds', 'update', '--from', feeds], { environment: { SLUICE_HOME: corpusHome } })
  if (built.code !== 0) throw new Error(`the advisory store could not be built:\n${built.stdout}${built.stderr}`)
  writeFileSync(join(corpusHome, 'ready'), '')
  console.info(`advisory store built in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The images that the end-to-end suites scan; `big` is built by hand only. */
export const corpusNames = [
  'debian12',
  'debian12-updated',
  'node-shop',
  'node-shop-fixed',
  'py-api',
  'java-ledger',
  'go-static',
  'alpine-3.11',
] as const

export type CorpusName = (typeof corpusNames)[number]

/** Where built images are kept between runs: they take minutes to build. */
export const corpusFolder = process.env.SLUICE_CORPUS ?? join(homedir(), '.cache', 'sluice-tests', 'corpus')

/** Sluice's home for the suites, its advisory store built from `../shared/feeds`. */
export const corpusHome = join(corpusFolder, 'home')

/** The archive of a corpus image, or undefined where it is not built. */
export function corpusImage(name: CorpusName | 'big'): string | undefined {
  const path = join(corpusFolder, `${name}.tar`)
  return existsSync(path) ? path : undefined
}

/** True where every image and the advisory store are there. */
export function hasCorpus(): boolean {
  return corpusNames.every(name => corpusImage(name) !== undefined) && existsSync(join(corpusHome, 'ready'))
}

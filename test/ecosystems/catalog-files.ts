import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Assembly, Ecosystem, FileProblem, TreeFile, TreeMode } from '#ecosystems/types.ts'
import { fileHandle } from './file-handle.ts'

/** What an ecosystem makes of some files, problems of reading and of assembling together. */
export interface Cataloged {
  readonly packages: Assembly['packages']
  readonly problems: readonly (FileProblem & { readonly path: string })[]
  /** Paths that `wants` asked for. */
  readonly wanted: readonly string[]
}

/** Runs `wants`, `read` and `assemble` over files in memory, with facts passed through JSON as the cache does. */
export async function catalogFiles(
  ecosystem: Ecosystem,
  files: Readonly<Record<string, string | Uint8Array>>,
  mode: TreeMode = 'installed',
): Promise<Cataloged> {
  const cataloger = await ecosystem.load()
  const problems: (FileProblem & { readonly path: string })[] = []
  const kept = new Map<string, TreeFile>()
  const wanted: string[] = []
  for (const path of Object.keys(files).sort()) {
    const file = fileHandle(path, files[path]!)
    if (!ecosystem.wants(file, mode)) continue
    wanted.push(path)
    const read = cataloger.read(file, { mayProve: () => true })
    if (read === undefined) continue
    problems.push(...(read.problems ?? []).map(problem => ({ ...problem, path })))
    kept.set(path, { path, facts: JSON.parse(JSON.stringify(read.facts)) })
  }
  const tree = { mode, distro: undefined, files: [...kept.values()], at: (path: string) => kept.get(path) }
  const assembly = cataloger.assemble(tree)
  return { packages: assembly.packages, problems: [...problems, ...assembly.problems], wanted }
}

/**
 * The regular files below a directory that an ecosystem wants, by path relative to it. Symbolic links are not followed,
 * as in an image.
 */
export function filesIn(root: string, ecosystem: Ecosystem, mode: TreeMode = 'installed'): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = Object.create(null)
  const visit = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile() && ecosystem.wants({ path, size: statSync(join(root, path)).size, mode: 0o644 }, mode))
        files[path] = readFileSync(join(root, path))
    }
  }
  visit('')
  return files
}

import type { LayerSource, WalkedFile } from '#images/types.ts'
import type { Problem } from '#model/problem.ts'

/** Collects what a layer holds. */
interface Sheet {
  readonly problems: Problem[]
  readonly read: (path: string, file: WalkedFile) => void
}

/** Shows to a sheet the files that hard links of their layer lead to, under each of the links' names: a second pass. */
export async function readLinks(
  source: LayerSource,
  sheet: Sheet,
  links: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = new Set<string>()
  await source.walk(
    {
      entry: entry => entry.kind === 'file' && links.has(entry.path),
      file: (entry, file) => {
        found.add(entry.path)
        for (const link of links.get(entry.path) ?? []) sheet.read(link, { ...file, path: link })
      },
    },
    signal,
  )
  for (const [target, names] of links) {
    if (found.has(target)) continue
    for (const path of names) {
      sheet.problems.push({
        code: 'missing',
        detail: `Hard link to ${target}, which its layer does not hold`,
        location: { path },
      })
    }
  }
}

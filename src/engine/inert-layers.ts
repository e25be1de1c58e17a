import { directoryName } from '#lib/text.ts'
import type { LayerFacts } from './layer-facts.ts'
import { StraightPaths } from './stack-paths.ts'

/**
 * True for layers that change nothing of what lies below them, seen from their top: nothing was read of them, they take
 * nothing away, hold no link, and put nothing over a watched path (`Stack.watched`), nor reach through one. What the
 * layers below were put together to, then holds with them too. False where that is not certain.
 */
export function areInert(layers: readonly LayerFacts[], watched: () => Iterable<string>): boolean {
  if (!layers.every(bringsFilesOnly)) return false
  const covered = new Set(watched())
  const above = directoriesOf(covered)
  // A watched file or link in the way is no directory any more, or leads elsewhere.
  const straight = new StraightPaths(path => covered.has(path))
  return layers.every(
    ({ tree }) =>
      tree.paths.every(path => straight.has(path) && !above.has(path)) &&
      tree.directories.every(path => straight.has(path)),
  )
}

function bringsFilesOnly({ files, texts, problems, tree }: LayerFacts): boolean {
  const marks = [files, texts, problems, tree.symlinks, tree.whiteouts, tree.opaques]
  return marks.every(list => list.length === 0) && tree.passedOver === undefined
}

/** Every directory that one of the paths is in, at any depth. */
function directoriesOf(paths: Iterable<string>): ReadonlySet<string> {
  const above = new Set<string>()
  for (const path of paths)
    for (let part = directoryName(path); part !== '' && !above.has(part); part = directoryName(part)) above.add(part)
  return above
}

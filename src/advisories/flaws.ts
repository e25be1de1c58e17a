/** Ids that records tie together: undirected. */
export type Links = ReadonlyMap<string, ReadonlySet<string>>

/** No id stands for more flaws than this: real ones stand for up to about forty. The lowest are kept. */
const maxFlaws = 200

/** True for a CVE id. */
export function isCve(id: string): boolean {
  return id.startsWith('CVE-')
}

/**
 * Tells for which flaws ids stand, joined over aliases of aliases. A CVE is a flaw of its own, always: two CVEs are
 * never merged, although records exist that name several as aliases. Any other id stands for the CVEs it is tied to
 * directly, else for those nearest over further ids; ids without a CVE anywhere form one flaw, named by their first
 * GHSA id, else their first id in order. Every id in `links` has an entry, sorted. The answer for an id depends only
 * on the ids that can be reached from it without passing through a CVE.
 */
export function resolveFlaws(links: Links): Map<string, readonly string[]> {
  const resolved = new Map<string, readonly string[]>()
  let frontier: string[] = []
  for (const id of links.keys()) {
    if (!isCve(id)) continue
    resolved.set(id, [id])
    frontier.push(id)
  }
  while (frontier.length > 0) {
    const reached = new Map<string, Set<string>>()
    for (const id of frontier) {
      for (const neighbor of links.get(id) ?? []) {
        if (resolved.has(neighbor)) continue
        const flaws = reached.get(neighbor) ?? new Set()
        for (const flaw of resolved.get(id)!) flaws.add(flaw)
        reached.set(neighbor, flaws)
      }
    }
    for (const [id, flaws] of reached) resolved.set(id, [...flaws].sort(compareIds).slice(0, maxFlaws))
    frontier = [...reached.keys()]
  }
  for (const id of links.keys()) {
    if (resolved.has(id)) continue
    const group = reachable(id, links)
    const flaw = [nameOf(group)]
    for (const member of group) resolved.set(member, flaw)
  }
  return resolved
}

/** Orders ids as people do: `CVE-2024-9999` before `CVE-2024-10000`. Total. */
export function compareIds(a: string, b: string): number {
  const left = /^(CVE-\d{4}-)(\d{1,15})$/.exec(a)
  const right = /^(CVE-\d{4}-)(\d{1,15})$/.exec(b)
  if (left !== null && right !== null && left[1] === right[1]) {
    const order = Number(left[2]) - Number(right[2])
    if (order !== 0) return order
  }
  return a < b ? -1 : a > b ? 1 : 0
}

function reachable(start: string, links: Links): readonly string[] {
  const seen = new Set([start])
  for (const id of seen) for (const neighbor of links.get(id) ?? []) seen.add(neighbor)
  return [...seen]
}

function nameOf(group: readonly string[]): string {
  const sorted = group.toSorted()
  return sorted.find(id => id.startsWith('GHSA-')) ?? sorted[0]!
}

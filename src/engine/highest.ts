/** The highest of versions, of which many are the same as a rule; undefined of none. Of equal ones, the last. */
export function highest(
  versions: Iterable<string | undefined>,
  compare: (a: string, b: string) => number,
): string | undefined {
  let found: string | undefined
  for (const version of new Set(versions))
    if (version !== undefined && (found === undefined || compare(version, found) >= 0)) found = version
  return found
}

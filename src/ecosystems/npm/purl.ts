import { formatPurl } from '#model/purl.ts'

/**
 * The purl of a Node.js package (https://github.com/package-url/purl-spec/blob/main/types/npm-definition.json): the
 * scope is the namespace, and both are in lower case.
 */
export function npmPurl(name: string, version: string): string {
  const slash = name.startsWith('@') ? name.indexOf('/') : -1
  return formatPurl({
    type: 'npm',
    ...(slash > 0 && { namespace: name.slice(0, slash).toLowerCase() }),
    name: name.slice(slash + 1).toLowerCase(),
    version,
  })
}

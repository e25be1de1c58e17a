import { formatPurl } from '#model/purl.ts'

/**
 * The purl of a Go module (https://github.com/package-url/purl-spec/blob/main/types/golang-definition.json): the path
 * up to the last slash is the namespace, and both are in lower case.
 */
export function golangPurl(path: string, version: string): string {
  const slash = path.lastIndexOf('/')
  return formatPurl({
    type: 'golang',
    ...(slash > 0 && { namespace: path.slice(0, slash).toLowerCase() }),
    name: path.slice(slash + 1).toLowerCase(),
    version,
  })
}

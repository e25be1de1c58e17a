/** A licence's name longer than this is a text, not a name. */
const maxLength = 200

/**
 * Names in the `licenses` element of a `pom.xml`, found without parsing the rest of it, since every archive has one;
 * else the manifest's `Bundle-License`, as written.
 */
export function findLicenses(pom: string | undefined, bundleLicense?: string): readonly string[] {
  const names = new Set<string>()
  const start = pom?.indexOf('<licenses>') ?? -1
  const section = pom === undefined || start < 0 ? '' : pom.slice(start, pom.indexOf('</licenses>', start))
  for (let at = section.indexOf('<name>'); at >= 0; at = section.indexOf('<name>', at + 1)) {
    const end = section.indexOf('</name>', at)
    if (end < 0) break
    const name = section
      .slice(at + '<name>'.length, end)
      .replace(/\s+/g, ' ')
      .trim()
    if (name !== '' && name.length <= maxLength) names.add(name.replaceAll('&amp;', '&'))
  }
  if (names.size === 0 && bundleLicense !== undefined && bundleLicense !== '' && bundleLicense.length <= maxLength)
    names.add(bundleLicense)
  return [...names]
}

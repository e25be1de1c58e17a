import { asArray, asObject, asString, type JsonObject, member, parseJson } from '#lib/json.ts'

/** What the manifest of an installed package says. */
export interface PackageManifest {
  /** Absent where the manifest names none: then the folder's name is the package's. */
  readonly name?: string
  readonly version: string
  readonly licenses: readonly string[]
}

/**
 * Reads an installed `package.json` (https://docs.npmjs.com/cli/v11/configuring-npm/package-json). Undefined where it
 * has no version: no package that a registry gave out lacks one, but module markers (`{"type": "commonjs"}`) and
 * private code do. Throws where the text is not JSON or not an object.
 */
export function parsePackageJson(text: string): PackageManifest | undefined {
  const manifest = asObject(parseJson(text))
  if (manifest === undefined) throw new Error('the manifest is not an object')
  const version = cleanVersion(asString(member(manifest, 'version')) ?? '')
  if (version === '') return undefined
  const name = asString(member(manifest, 'name'))?.trim()
  return { ...(name !== undefined && name !== '' && { name }), version, licenses: licensesOf(manifest) }
}

/**
 * Licences as declared: `license` as text or as the older object, or the older `licenses` list, in its order and
 * without doubles.
 */
export function licensesOf(manifest: JsonObject): readonly string[] {
  const license = member(manifest, 'license')
  const licenses = member(manifest, 'licenses')
  const declared = [...asArray(license), license, ...asArray(licenses), licenses].map(licenseName)
  return [...new Set(declared.filter(name => name !== undefined && name !== ''))] as string[]
}

function licenseName(value: unknown): string | undefined {
  return (asString(value) ?? asString(member(value, 'type')) ?? asString(member(value, 'name')))?.trim()
}

/** npm drops blanks, `=` and `v` before a version when it reads a manifest. */
function cleanVersion(text: string): string {
  const trimmed = text.trim()
  const bare = trimmed.replace(/^[=v\s]{1,16}/, '')
  return bare.charCodeAt(0) >= 0x30 && bare.charCodeAt(0) <= 0x39 ? bare : trimmed
}

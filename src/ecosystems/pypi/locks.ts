import { asArray, asObject, asString, asStrings, member, parseJson } from '#lib/json.ts'
import { parseToml } from '#lib/toml.ts'
import type { DeclaredPackage } from './declared.ts'

/**
 * `Pipfile.lock` (https://github.com/pypa/pipfile): `default` and `develop` hold name → `==version`. Entries without
 * a pinned version (paths, repositories) name no release and are left out. Throws on what is not JSON.
 */
export function parsePipfileLock(text: string): readonly DeclaredPackage[] {
  const root = parseJson(text)
  return ['default', 'develop'].flatMap(section =>
    Object.entries(asObject(member(root, section)) ?? {}).flatMap(([name, entry]) => {
      const version = asString(member(entry, 'version'))
      if (version === undefined || !version.startsWith('==') || name.trim() === '') return []
      return [{ name, version: version.replace(/^={2,3}\s*/, ''), ...(section === 'develop' && { dev: true }) }]
    }),
  )
}

/**
 * `poetry.lock` of every version (https://python-poetry.org/docs/basic-usage/#installing-dependencies): `category`
 * in old ones and `groups` in new ones tell what is for development; versions between tell nothing. Throws on bad TOML.
 */
export function parsePoetryLock(text: string): readonly DeclaredPackage[] {
  return entriesOf(text, 'package').flatMap(entry => {
    const declared = nameAndVersion(entry)
    const source = asString(member(member(entry, 'source'), 'type'))
    if (declared === undefined || source === 'directory') return []
    const isDev = asString(member(entry, 'category')) === 'dev' || isDevGroups(entry, 'main')
    return [{ ...declared, ...(isDev && { dev: true }) }]
  })
}

/**
 * `pdm.lock` (https://pdm-project.org/latest/usage/lockfile/): `groups` without `default` is for development. A package
 * stands there once for every set of extras. Throws on bad TOML.
 */
export function parsePdmLock(text: string): readonly DeclaredPackage[] {
  return entriesOf(text, 'package').flatMap(entry => {
    const declared = nameAndVersion(entry)
    if (declared === undefined || member(entry, 'path') !== undefined) return []
    return [{ ...declared, ...(isDevGroups(entry, 'default') && { dev: true }) }]
  })
}

/**
 * `pylock.toml` (https://packaging.python.org/en/latest/specifications/pylock-toml/). Packages without a version or
 * from a local directory are left out; the format does not tell what is for development. Throws on bad TOML.
 */
export function parsePylock(text: string): readonly DeclaredPackage[] {
  return entriesOf(text, 'packages').flatMap(entry => {
    const declared = nameAndVersion(entry)
    return declared === undefined || member(entry, 'directory') !== undefined ? [] : [declared]
  })
}

/** The tables of an array in a TOML document. */
export function entriesOf(text: string, key: string): readonly unknown[] {
  return asArray(member(parseToml(text), key))
}

/** Name and version of a lock's entry; undefined where one is missing. */
export function nameAndVersion(entry: unknown): { readonly name: string; readonly version: string } | undefined {
  const name = asString(member(entry, 'name'))
  const version = asString(member(entry, 'version'))
  return !name?.trim() || !version ? undefined : { name, version }
}

function isDevGroups(entry: unknown, mainGroup: string): boolean {
  const groups = asStrings(member(entry, 'groups'))
  return groups.length > 0 && !groups.includes(mainGroup)
}

import { asArray, asString, member, parseJson } from '#lib/json.ts'
import { parseSemver } from '#lib/semver.ts'
import type { LockedPackage, LockFile } from './locked-package.ts'

/**
 * Reads the table of packages that Yarn Plug'n'Play installs instead of `node_modules`
 * (https://yarnpkg.com/advanced/pnp-spec): `.pnp.cjs`, which carries it as text, and `.pnp.data.json`. Workspaces and
 * links are left out. Undefined for a `.pnp.cjs` that leaves the table to `.pnp.data.json`; a problem where it has
 * none that is known. Throws where the table is not JSON.
 */
export function parsePlugAndPlay(text: string): LockFile | undefined {
  const table = text.startsWith('{') ? text : embeddedTable(text)
  if (table === undefined) {
    if (text.includes('.pnp.data.json')) return undefined
    return { packages: [], problems: [{ code: 'unsupported', detail: "Yarn's module table has an unknown form" }] }
  }
  const packages: LockedPackage[] = []
  for (const row of asArray(member(parseJson(table), 'packageRegistryData'))) {
    const [name, variants] = asArray(row)
    for (const variant of asArray(variants)) {
      const [reference, info] = asArray(variant)
      const version = versionOf(asString(reference) ?? '')
      const isOwn = version === undefined || member(info, 'linkType') !== 'HARD'
      if (typeof name === 'string' && name !== '' && !isOwn) packages.push({ name, version })
    }
  }
  return { packages, problems: [] }
}

/** The text between the quotes behind `RAW_RUNTIME_STATE =`, with the escapes of JavaScript resolved. */
function embeddedTable(text: string): string | undefined {
  const start = text.indexOf("'", Math.max(0, text.indexOf('const RAW_RUNTIME_STATE =')))
  if (start < 0 || !text.includes('const RAW_RUNTIME_STATE =')) return undefined
  let end = start + 1
  while (end < text.length && text[end] !== "'") end += text[end] === '\\' ? 2 : 1
  return text
    .slice(start + 1, end)
    .replace(/\\(\r?\n|[\s\S])/g, (_, escaped: string) => (escaped.endsWith('\n') ? '' : escaped))
}

/**
 * The version in a reference: `npm:1.2.3`, `virtual:<hash>#npm:1.2.3`, `patch:…::version=1.2.3&hash=…`. What is
 * fetched from elsewhere has its reference for a version; undefined for workspaces and links.
 */
function versionOf(reference: string): string | undefined {
  const real = reference.startsWith('virtual:') ? reference.slice(reference.indexOf('#') + 1) : reference
  if (real === '' || ['workspace:', 'link:', 'portal:'].some(prefix => real.startsWith(prefix))) return undefined
  const parameter = real.startsWith('patch:') ? real.split('::', 2)[1] : undefined
  const patched = parameter?.split('&').find(part => part.startsWith('version='))
  const version = patched?.slice('version='.length) ?? (real.startsWith('npm:') ? real.slice('npm:'.length) : real)
  return version !== '' && parseSemver(version) === undefined ? real : version
}

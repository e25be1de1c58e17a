import type { MatchedPackage } from '#model/package.ts'
import { compareVersions } from './version.ts'

/**
 * What the build system of modules writes into a release: `.module_el8.9.0+3765+8f91f5c5` (AlmaLinux, Fedora) or
 * `.module+el8.9.0+1591+a1b2c3d4` (Red Hat, Rocky Linux): platform, build number, context. What follows belongs to the
 * release again (`.alma.1`).
 */
const buildTag = /\.module[_+][a-z]+[\d.]{0,20}\+\d{1,20}\+[\da-f]{1,40}/

/** True for a version-release that the module build system made. */
export function isModular(version: string): boolean {
  return version.includes('.module_') || version.includes('.module+')
}

/**
 * True where the sources are those of the fix or later ones. Records name every package of a module, unchanged ones too,
 * each with several build numbers, and a build number says nothing about the sources: 16.20.2-4 is 16.20.2-4 in each.
 */
export function isSameBuildOrLater(version: string, fix: string): boolean {
  return compareVersions(version.replace(buildTag, ''), fix.replace(buildTag, '')) >= 0
}

/**
 * True unless the record is for other module streams than the package's. A record's summary names its streams
 * (`Important: nodejs:16 security update`, `python39:3.9 and python39-devel:3.9 …`). Where it does not, or the package
 * has no label, a stream that is the beginning of a version (`10.3` of 10.3.39) tells the version it can be compared
 * with; where that does not help either, the record applies.
 */
export function matchesStream(pkg: MatchedPackage, summary: string | undefined, fix: string): boolean {
  const named = namedStreams(summary ?? '')
  const label = pkg.modularity?.split(':')
  const module = label?.[0]
  const stream = label?.[1]
  if (!module || !stream) {
    const streams = named.get(pkg.name)?.filter(isVersion)
    return !streams?.length || streams.some(name => isWithin(pkg.version, name))
  }
  if (named.size > 0) return (named.get(module) ?? named.get(twin(module)))?.includes(stream) ?? false
  return !isVersion(stream) || !isWithin(pkg.version, stream) || isWithin(fix, stream)
}

/** `module:stream` words of a summary, by module. */
function namedStreams(summary: string): ReadonlyMap<string, readonly string[]> {
  const streams = new Map<string, string[]>()
  for (const word of summary.slice(0, 1000).split(/[\s,;()/]/)) {
    const parts = word.split(':')
    if (parts.length !== 2 || !/^[A-Za-z][\w.+-]*$/.test(parts[0]!) || !/^\w[\w.+-]*$/.test(parts[1]!)) continue
    const known = streams.get(parts[0]!)
    if (known === undefined) streams.set(parts[0]!, [parts[1]!])
    else known.push(parts[1]!)
  }
  return streams
}

/** `virt` and `virt-devel` are built together, and records name one or both. */
function twin(module: string): string {
  return module.endsWith('-devel') ? module.slice(0, -'-devel'.length) : `${module}-devel`
}

function isVersion(stream: string): boolean {
  return /^\d+(?:\.\d+)*$/.test(stream)
}

/** True where the version without its epoch is the stream's or begins with it and a dot. */
function isWithin(version: string, stream: string): boolean {
  const upstream = version.replace(/^\d+:/, '').replace(/-[^-]*$/, '')
  return upstream === stream || upstream.startsWith(`${stream}.`)
}

import { Failure } from '#lib/failure.ts'
import type { Platform } from '#model/target.ts'

/** Node's names of architectures in OCI's words (https://go.dev/doc/install/source#environment). */
const architectures: ReadonlyMap<string, string> = new Map([
  ['x64', 'amd64'],
  ['ia32', '386'],
  ['loong64', 'loong64'],
  ['ppc64', 'ppc64le'],
])

/** Names in everyday use for what OCI calls otherwise. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm'],
  ['i386', '386'],
])

/** Something that may be for one platform only. */
export interface PlatformCandidate {
  readonly platform?: Platform
}

/**
 * Reads `os/architecture[/variant]`, or an architecture alone, which is Linux's. Throws `Failure` for anything else.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/')
  const [os, architecture, variant] = parts.length === 1 ? ['linux', ...parts] : parts
  if (!os || !architecture || parts.length > 3 || !/^[a-z0-9_./-]+$/.test(text.toLowerCase())) {
    throw new Failure('image/platform', `${text} is no platform`, { hint: 'Write it like linux/arm64 or linux/arm/v7' })
  }
  const name = synonyms.get(architecture) ?? architecture
  return variant ? { os, architecture: name, variant } : { os, architecture: name }
}

/** A platform as people write it. */
export function platformText(platform: Platform): string {
  const { os, architecture, variant } = platform
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`
}

/** The platform of this machine's containers. */
export function machinePlatform(): Platform {
  return { os: 'linux', architecture: architectures.get(process.arch) ?? process.arch }
}

/** True where an image for `platform` is what `wanted` asks for; a variant that nobody asked for does not matter. */
export function isPlatform(platform: Platform, wanted: Platform): boolean {
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return false
  return wanted.variant === undefined || variantOf(platform) === variantOf(wanted)
}

/**
 * The candidate to take. With `wanted`, the one for that platform; without, the one for this machine on Linux, else
 * the first. A single candidate that names no platform is taken as it is. Throws `Failure` where none fits.
 */
export function choosePlatform<T extends PlatformCandidate>(candidates: readonly T[], wanted?: string): T {
  const goal = wanted === undefined ? machinePlatform() : parsePlatform(wanted)
  const fitting = candidates.filter(({ platform }) => platform !== undefined && isPlatform(platform, goal))
  // Of several variants the machine's usual one: v8 for arm64, v7 for arm.
  const usual = fitting.find(({ platform }) => variantOf(platform!) === variantOf(goal))
  const unnamed = candidates.filter(({ platform }) => platform === undefined)
  const chosen = usual ?? fitting[0] ?? (unnamed.length === candidates.length ? unnamed[0] : undefined)
  if (chosen !== undefined) return chosen
  if (wanted === undefined && candidates[0] !== undefined) return candidates[0]
  const known = candidates.flatMap(({ platform }) => (platform === undefined ? [] : [platformText(platform)]))
  const hint = known.length === 0 ? undefined : `It is there for ${[...new Set(known)].join(', ')}`
  throw new Failure('image/no-platform', `The image is not there for ${platformText(goal)}`, { hint })
}

function variantOf(platform: Platform): string {
  const usual = platform.architecture === 'arm64' ? 'v8' : platform.architecture === 'arm' ? 'v7' : ''
  return platform.variant ?? usual
}

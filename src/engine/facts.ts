import { compareText } from '#lib/text.ts'
import type { Distro } from '#model/distro.ts'
import type { Package } from '#model/package.ts'
import type { Problem } from '#model/problem.ts'
import type { ImageIdentity, Target } from '#model/target.ts'
import type { Ports } from './ports.ts'

/** What a target is made of, before any advisory or policy is asked: never read again to answer a new question. */
export interface Facts {
  readonly target: Target
  readonly distro?: Distro
  readonly packages: readonly Package[]
  readonly problems: readonly Problem[]
  /** `sha256:<hex>` over the facts themselves; how the target was named and transported is not part of it. */
  readonly digest: string
}

/** Digest of facts: names, tags and the scheme are left out, so that every transport of an image gives the same. */
export function digestFacts(facts: Omit<Facts, 'digest'>, hash: Ports['hash']): string {
  const { target, distro, packages, problems } = facts
  const hasher = hash('sha256')
  hasher.update(
    canonical({ kind: target.kind, image: imageFacts(target.image), distro, packages, problems: sorted(problems) }),
  )
  return `sha256:${hasher.hex()}`
}

function imageFacts(image: ImageIdentity | undefined): unknown {
  return image === undefined
    ? undefined
    : { id: image.id, platform: image.platform, layers: image.layers, labels: image.labels, created: image.created }
}

function sorted(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => compareText(canonical(a), canonical(b)))
}

/** JSON with sorted keys and without undefined members: one spelling for one value. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => compareText(a, b)))
      : item,
  )
}

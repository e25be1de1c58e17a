import { gathered } from '#lib/json.ts'
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

/** Digest of a list of packages, by which they enter that of the facts. */
export function digestPackages(packages: readonly Package[], hash: Ports['hash']): string {
  return digestOf({ packages }, hash)
}

/**
 * Digest of facts: names, tags and the scheme are left out, so that every transport of an image gives the same.
 * `packages` is their own digest, which is known with them where they are.
 */
export function digestFacts(
  facts: Omit<Facts, 'digest' | 'packages'> & { readonly packages: string },
  hash: Ports['hash'],
): string {
  const { target, distro, packages, problems } = facts
  return digestOf(
    { kind: target.kind, image: imageFacts(target.image), distro, packages, problems: sorted(problems) },
    hash,
  )
}

function digestOf(value: Readonly<Record<string, unknown>>, hash: Ports['hash']): string {
  const hasher = hash('sha256')
  for (const piece of gathered(canonicalPieces(value))) hasher.update(piece)
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
  return JSON.stringify(ordered(value))
}

/** The same in pieces: the items of a list that is a member are never one text. */
export function* canonicalPieces(value: Readonly<Record<string, unknown>>): Generator<string> {
  let before = '{'
  for (const key of Object.keys(value).sort(compareText)) {
    const member = value[key]
    if (member === undefined) continue
    yield `${before}${JSON.stringify(key)}:`
    before = ','
    if (!Array.isArray(member)) {
      yield canonical(member)
      continue
    }
    for (const [index, item] of member.entries()) yield `${index === 0 ? '[' : ','}${canonical(item ?? null)}`
    yield member.length === 0 ? '[]' : ']'
  }
  yield before === '{' ? '{}' : '}'
}

/** The value with the members of every object in order: itself, as far as they are, since copies cost the most. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return orderedItems(value)
  const held = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(held)
  let isOrdered = true
  for (let index = 1; isOrdered && index < keys.length; index++) isOrdered = keys[index - 1]! < keys[index]!
  if (!isOrdered) keys.sort(compareText)
  const copy: Record<string, unknown> = {}
  for (const key of keys) {
    const member = ordered(held[key])
    if (member !== held[key]) isOrdered = false
    if (key === '__proto__') Object.defineProperty(copy, key, { value: member, enumerable: true })
    else copy[key] = member
  }
  return isOrdered ? value : copy
}

function orderedItems(items: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < items.length; index++) {
    const item = ordered(items[index])
    if (item !== items[index]) (copy ??= [...items])[index] = item
  }
  return copy ?? items
}

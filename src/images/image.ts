import { helpHash } from '#io/hash-part.ts'
import { Failure } from '#lib/failure.ts'
import { asArray, member } from '#lib/json.ts'
import { limitDetail, limitsWith } from '#model/limits.ts'
import type { Problem } from '#model/problem.ts'
import type { Platform } from '#model/target.ts'
import type { ImageParts } from './blob.ts'
import { openBudget } from './budget.ts'
import { digestHash, isDigest, sha256 } from './digest.ts'
import { openLayer } from './layer.ts'
import { maxDocumentBytes, parseDocument, toPlatform } from './manifest.ts'
import { isPlatform, machinePlatform, parsePlatform, platformText } from './platform.ts'
import type { LayerSource, OpenedTarget, OpenOptions } from './types.ts'

/**
 * Puts an image together from what a transport found: checks the digests of its documents, gives every layer the
 * diffID that the configuration claims. Throws `Failure` where the configuration cannot be read; documents that are
 * not the ones their digests name are problems.
 */
export function openImage(parts: ImageParts, options: OpenOptions): OpenedTarget {
  const { config, manifest } = parts
  if (config.bytes.length > maxDocumentBytes) {
    throw new Failure('image/damaged', `The configuration is larger than ${maxDocumentBytes} bytes`)
  }
  const document = parseDocument(config.bytes, 'configuration')
  const platform = toPlatform(document) ?? parts.platform
  if (options.platform !== undefined && platform !== undefined) requirePlatform(platform, options.platform)
  const problems = [...mismatch('configuration', config)]
  if (manifest !== undefined) problems.push(...mismatch('manifest', manifest))
  const diffIds = asArray(member(member(document, 'rootfs'), 'diff_ids'))
  if (diffIds.length !== parts.layers.length) {
    const detail = `The configuration names ${diffIds.length} layers, the manifest ${parts.layers.length}`
    problems.push({ code: 'unreadable', detail })
  }
  const limits = limitsWith(options.limits ?? {})
  if (parts.layers.length > limits['target-layers']) {
    problems.push({ code: 'limit', detail: limitDetail('The image has too many layers', 'target-layers', limits) })
  }
  const image = {
    id: sha256(config.bytes),
    digest: manifest === undefined ? undefined : sha256(manifest.bytes),
    tags: parts.tags,
    platform: platform ?? machinePlatform(),
    config: document,
  }
  return {
    target: { scheme: parts.scheme, name: parts.name, kind: 'image' },
    image,
    layers: layersOf(parts, diffIds, options),
    problems,
    hasten: () => void helpHash(),
    close: parts.close ?? (async () => undefined),
  }
}

/** The configuration often leaves out the variant, so only system and architecture are compared. */
function requirePlatform(platform: Platform, wanted: string): void {
  const { os, architecture } = parsePlatform(wanted)
  if (isPlatform(platform, { os, architecture })) return
  const hint = `It is there for ${platformText(platform)}`
  throw new Failure('image/no-platform', `The image is not there for ${wanted}`, { hint })
}

function layersOf(parts: ImageParts, diffIds: readonly unknown[], options: OpenOptions): readonly LayerSource[] {
  const { temporary, progress } = options
  const limits = limitsWith(options.limits ?? {})
  const budget = openBudget(limits)
  return parts.layers.slice(0, limits['target-layers']).map(({ blob, claim }, index) => {
    const label = `layer ${index + 1} of ${parts.layers.length}`
    const claimed = claim.diffId ?? diffIds[index]
    const diffId = isDigest(claimed) ? claimed : undefined
    return openLayer(blob, { ...claim, diffId }, { temporary, progress, label, limits, budget })
  })
}

function mismatch(what: string, part: { readonly bytes: Uint8Array; readonly digest?: string }): readonly Problem[] {
  if (part.digest === undefined) return []
  const hash = digestHash(part.digest)
  hash.update(part.bytes)
  const found = hash.digest()
  if (found === part.digest) return []
  return [{ code: 'digest-mismatch', detail: `The image's ${what} has the digest ${found}, not ${part.digest}` }]
}

import { printableJsonPieces } from '#lib/json.ts'
import { compareText } from '#lib/text.ts'
import type { Package } from '#model/package.ts'
import { formatPurl } from '#model/purl.ts'
import type { ScanResult } from '#model/report.ts'
import { cyclonedxVulnerabilities } from './cyclonedx-vulnerabilities.ts'
import { isSpdxExpression, isSpdxId } from './spdx.ts'
import { platformText, targetName } from './summary.ts'
import { uuidOf } from './uuid.ts'

/**
 * CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/): the target as main component, its operating system, one
 * component per purl with the places it was seen at, and one vulnerability per flaw. Without a verdict, as `sluice sbom`
 * has none, there are no vulnerabilities. The same facts always get the same serial number.
 */
export function renderCyclonedx(result: ScanResult): Generator<string> {
  const byPurl = result.packages.toSorted((a, b) => compareText(a.purl, b.purl))
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(identity(result))}`,
    version: 1,
    metadata: {
      timestamp: result.createdAt,
      tools: {
        components: [{ type: 'application', name: result.tool.name, version: result.tool.version }],
      },
      component: targetComponent(result),
      ...(result.target.image !== undefined && { properties: imageProperties(result) }),
    },
    components: componentsOf(result, byPurl),
    dependencies: [{ ref: 'target', dependsOn: referencesOf(result, byPurl) }],
    ...(result.verdict !== undefined && { vulnerabilities: cyclonedxVulnerabilities(result) }),
    ...(result.problems.length > 0 && { compositions: [{ aggregate: 'incomplete', assemblies: ['target'] }] }),
  }
  return printableJsonPieces(bom)
}

/** What tells two documents apart: the facts where they have a digest, else what they say. */
function* identity(result: ScanResult): Generator<string> {
  const facts = result.verdict?.inputs.facts
  if (facts !== undefined && facts !== '') {
    yield `${facts} ${result.verdict?.inputs.advisories}`
    return
  }
  yield result.target.image?.id ?? result.target.name
  for (const { purl, locations } of result.packages) yield `${purl} ${locations[0]?.path ?? ''}`
}

function targetComponent(result: ScanResult): object {
  const { target } = result
  const name = targetName(result)
  if (target.image === undefined) {
    const type = target.kind === 'filesystem' ? 'platform' : 'application'
    return { type, 'bom-ref': 'target', name: name === '' ? '.' : name }
  }
  const purl = imagePurl(result)
  return {
    type: 'container',
    'bom-ref': 'target',
    name,
    version: target.image.digest ?? target.image.id,
    ...(purl !== undefined && { purl }),
  }
}

/** `pkg:oci` names an image by its manifest; a classic archive has none, and then there is no purl. */
function imagePurl({ target }: ScanResult): string | undefined {
  const image = target.image
  const reference = image?.tags[0]
  if (image?.digest === undefined || reference === undefined) return undefined
  const plain = reference.split('@')[0] ?? ''
  const colon = plain.lastIndexOf(':')
  const tagged = colon > plain.lastIndexOf('/')
  const repository = tagged ? plain.slice(0, colon) : plain
  return formatPurl({
    type: 'oci',
    name: repository.slice(repository.lastIndexOf('/') + 1).toLowerCase(),
    version: image.digest,
    qualifiers: {
      arch: image.platform.architecture,
      repository_url: repository.includes('/') ? repository : undefined,
      tag: tagged ? plain.slice(colon + 1) : undefined,
    },
  })
}

function imageProperties(result: ScanResult): object[] {
  const image = result.target.image
  const layers = (image?.layers ?? []).map(layer =>
    property(layer.base ? 'image:baseLayer' : 'image:layer', layer.diffId),
  )
  return [
    property('image:id', image?.id ?? ''),
    ...(image?.tags ?? []).map(tag => property('image:tag', tag)),
    property('image:platform', platformText(result) ?? ''),
    ...layers,
  ]
}

/** The packages of each purl, from packages in the order of their purls. */
function* groups(byPurl: readonly Package[]): Generator<readonly Package[]> {
  let group: Package[] = []
  for (const item of byPurl) {
    if (group.length > 0 && group[0]!.purl !== item.purl) {
      yield group
      group = []
    }
    group.push(item)
  }
  if (group.length > 0) yield group
}

function* referencesOf({ distro }: ScanResult, byPurl: readonly Package[]): Generator<string> {
  if (distro !== undefined) yield systemReference
  for (const [first] of groups(byPurl)) yield first!.purl
}

const systemReference = 'operating-system'

/** Made one by one as they are printed: a component is several times as large as a package. */
function* componentsOf({ distro }: ScanResult, byPurl: readonly Package[]): Generator<object> {
  if (distro !== undefined) {
    yield {
      type: 'operating-system',
      'bom-ref': systemReference,
      name: distro.id,
      ...(distro.version !== undefined && { version: limited(distro.version) }),
      description: distro.name,
    }
  }
  for (const items of groups(byPurl)) yield packageComponent(items)
}

/** One component for all packages of a purl: they differ in place alone. */
function packageComponent(items: readonly Package[]): object {
  const first = items[0]!
  const { purl } = first
  const { group, name } = splitName(first)
  const licenses = licensesOf([...new Set(items.flatMap(item => item.licenses))])
  const occurrences = items
    .flatMap(item => item.locations)
    .map(({ layer, path, line }) => ({
      location: path,
      ...(line !== undefined && { line }),
      ...(layer !== undefined && { additionalContext: `layer ${layer}` }),
    }))
  const properties = propertiesOf(items)
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group !== undefined && { group }),
    name,
    version: limited(first.version),
    ...(items.every(item => item.dev === true) && { scope: 'optional' }),
    ...(licenses.length > 0 && { licenses }),
    purl,
    ...(properties.length > 0 && { properties }),
    ...(occurrences.length > 0 && { evidence: { occurrences } }),
  }
}

/** The format refuses longer versions; no real one comes near. */
function limited(version: string): string {
  return version.slice(0, 1024).toWellFormed()
}

/** Maven and scoped npm names have a group; other ecosystems keep their name whole. */
function splitName({ type, name }: Package): { readonly group?: string; readonly name: string } {
  const separator = type === 'maven' ? ':' : type === 'npm' && name.startsWith('@') ? '/' : undefined
  const at = separator === undefined ? -1 : name.indexOf(separator)
  return at <= 0 || at === name.length - 1 ? { name } : { group: name.slice(0, at), name: name.slice(at + 1) }
}

/** Either one expression or a list of single licenses: the format does not mix them. */
function licensesOf(declared: readonly string[]): object[] {
  const texts = declared.map(text => text.trim()).filter(text => text !== '')
  if (texts.length === 1 && isSpdxExpression(texts[0]!)) return [{ expression: texts[0] }]
  return texts.map(text => ({ license: isSpdxId(text) ? { id: text } : { name: text } }))
}

function propertiesOf(items: readonly Package[]): object[] {
  const first = items[0]!
  const layers = [...new Set(items.map(item => item.introduced?.diffId ?? item.locations[0]?.layer))]
  return [
    property('package:type', first.type),
    ...(first.source === undefined
      ? []
      : [property('package:sourceName', first.source.name), property('package:sourceVersion', first.source.version)]),
    ...(first.modularity === undefined ? [] : [property('package:modularity', first.modularity)]),
    property('package:state', first.state),
    ...(first.owner === undefined ? [] : [property('package:owner', first.owner)]),
    ...layers.filter(layer => layer !== undefined).map(layer => property('layer:diffId', layer)),
    ...(first.introduced === undefined ? [] : [property('layer:base', String(first.introduced.base))]),
  ]
}

function property(name: string, value: string): object {
  return { name: `sluice:${name}`, value }
}

import { canonicalEcosystem, canonicalName, databaseOf, isDistribution } from '#advisories/names.ts'
import { asArray, asObject, asString, asStrings, type JsonObject, member } from '#lib/json.ts'
import type { Advisory, Affected, PublishedSeverity } from '#model/advisory.ts'
import { readAffected } from './affected.ts'
import { BrokenRecord, isId, readTime } from './fields.ts'

/** A record as the store keeps it. */
export interface OsvRecord {
  readonly advisory: Advisory
  /** The record is known but says nothing (any more): withdrawn, or no advisory about a vulnerability. */
  readonly silent: boolean
  /** Ids that this record is about, each to be resolved to flaws. At least one. */
  readonly refs: readonly string[]
  /** Ids that name one flaw: the first with each of the others. */
  readonly links: readonly string[]
}

/** Bounds on what one record may have kept for display. */
const maxReferences = 10
const maxCwes = 20
const maxIds = 2_000
const maxSummary = 300

/**
 * Reads one record of the OSV schema (https://ossf.github.io/osv-schema/) as found in the bucket's folder `bucket`
 * (an ecosystem without release), and keeps what it says about that ecosystem. Throws `BrokenRecord` where required
 * members are missing or of the wrong type, or where the record is about other ecosystems only.
 *
 * - `GIT` ranges are dropped; so is `ecosystem_specific.custom_ranges` of Go records: those are in a product's own
 *   versions and for people only (https://go.dev/doc/security/vuln/database), and neither `govulncheck` nor osv.dev
 *   evaluates them. The Go record's own range then says "every version".
 * - A distribution's record is about the ids under `upstream` and `aliases`, or where it has neither (AlmaLinux) the
 *   CVEs under `related`; it is not another name of them, as it may carry many. Chainguard's and Wolfi's `CGA` records
 *   carry exactly one flaw, so their one CVE and its GHSA ids are linked.
 * - Bug-fix and enhancement notices of Red Hat's rebuilds that name no CVE are silent.
 */
export function normalizeOsv(raw: unknown, bucket: string): OsvRecord {
  const record = asObject(raw)
  if (record === undefined) throw new BrokenRecord('is not an object')
  const id = asString(member(record, 'id'))
  if (id === undefined || !isId(id)) throw new BrokenRecord('has no valid id')
  const modified = readTime(asString(member(record, 'modified')) ?? '')
  if (modified === undefined) throw new BrokenRecord(`${id} has no valid modified time`)
  const affected = selectAffected(readAffected(record, id), bucket, id)
  const published = readTime(asString(member(record, 'published')) ?? '')
  const summary = asString(member(record, 'summary'))?.trim()
  const advisory: Advisory = {
    id,
    aliases: readIds(record, 'aliases', id),
    upstream: readIds(record, 'upstream', id),
    published,
    modified,
    summary: summary ? summary.slice(0, maxSummary) : undefined,
    affected,
    severities: readSeverities(record, id, bucket),
    references: readReferences(record),
    cwes: readCwes(record),
  }
  const names = isDistribution(bucket) ? namesOfNotice(advisory, record) : namesOfRecord(advisory)
  const isWithdrawn = member(record, 'withdrawn') !== undefined && member(record, 'withdrawn') !== null
  const isNoise = /^(?:AL|RH|RL)(?:BA|EA)-/.test(id) && names.refs.every(ref => ref === id)
  return { advisory, silent: isWithdrawn || isNoise, ...names }
}

function selectAffected(all: readonly Affected[], bucket: string, id: string): readonly Affected[] {
  const own: Affected[] = []
  for (const one of all) {
    if (one.ecosystem !== bucket && !one.ecosystem.startsWith(`${bucket}:`)) continue
    const ecosystem = canonicalEcosystem(one.ecosystem)
    own.push({ ...one, ecosystem, name: canonicalName(bucket, one.name) })
  }
  if (all.length > 0 && own.length === 0) throw new BrokenRecord(`${id} is not about ${bucket}`)
  return own
}

function readIds(record: JsonObject, key: string, own: string): readonly string[] {
  const ids = asStrings(member(record, key)).slice(0, maxIds)
  return [...new Set(ids.filter(other => other !== own && isId(other)))].sort()
}

function namesOfRecord({ id, aliases, upstream }: Advisory): Pick<OsvRecord, 'refs' | 'links'> {
  if (aliases.length === 0 && upstream.length > 0) return { refs: upstream, links: [] }
  return { refs: [id, ...upstream], links: aliases.length === 0 ? [] : [id, ...aliases] }
}

function namesOfNotice(advisory: Advisory, record: JsonObject): Pick<OsvRecord, 'refs' | 'links'> {
  const { id } = advisory
  const named = [...new Set([...advisory.upstream, ...advisory.aliases])].sort()
  const related = () => readIds(record, 'related', id).filter(isCve)
  const refs = named.length > 0 ? named : related()
  const cves = refs.filter(isCve)
  if (id.startsWith('CGA-') && cves.length === 1) {
    const links = [cves[0]!, ...refs.filter(ref => ref.startsWith('GHSA-'))]
    return { refs: cves, links: links.length > 1 ? links : [] }
  }
  return { refs: refs.length > 0 ? refs : [id], links: [] }
}

function isCve(id: string): boolean {
  return id.startsWith('CVE-')
}

const vectorTypes = new Set(['CVSS_V2', 'CVSS_V3', 'CVSS_V4'])

function readSeverities(record: JsonObject, id: string, bucket: string): readonly PublishedSeverity[] {
  const found = new Map<string, PublishedSeverity>()
  const add = (type: PublishedSeverity['type'], score: unknown) => {
    if (typeof score === 'string' && score.length <= 400 && found.size < 20)
      found.set(`${type} ${score}`, { type, score })
  }
  const addAll = (list: unknown) => {
    for (const entry of asArray(list)) {
      const type = asString(member(entry, 'type'))
      if (type !== undefined && vectorTypes.has(type)) add(type as PublishedSeverity['type'], member(entry, 'score'))
      else if (type === 'Ubuntu') add('label', member(entry, 'score'))
    }
  }
  addAll(member(record, 'severity'))
  for (const entry of asArray(member(record, 'affected'))) {
    const ecosystem = asString(member(member(entry, 'package'), 'ecosystem')) ?? ''
    if (ecosystem !== bucket && !ecosystem.startsWith(`${bucket}:`)) continue
    addAll(member(entry, 'severity'))
    add('label', member(member(entry, 'ecosystem_specific'), 'urgency'))
  }
  add('label', member(member(record, 'database_specific'), 'severity'))
  add('label', labelOfSummary(record, id))
  return [...found.values()]
}

/** Red Hat's rebuilds give their rating as the summary's first word: `Important: kernel security update`. */
function labelOfSummary(record: JsonObject, id: string): string | undefined {
  const source = databaseOf(id)
  if (source !== 'AlmaLinux' && source !== 'Rocky Linux' && source !== 'Red Hat') return undefined
  return /^(Low|Moderate|Important|Critical):/.exec(asString(member(record, 'summary')) ?? '')?.[1]
}

function readReferences(record: JsonObject): readonly string[] {
  const urls = new Set<string>()
  for (const reference of asArray(member(record, 'references'))) {
    const url = asString(member(reference, 'url'))
    if (url !== undefined && url.length <= 500 && /^https?:\/\/[^\s<>"'\\^`{|}]+$/.test(url)) urls.add(url)
    if (urls.size >= maxReferences) break
  }
  return [...urls]
}

function readCwes(record: JsonObject): readonly string[] {
  const listed = asStrings(member(member(record, 'database_specific'), 'cwe_ids'))
  return [...new Set(listed.filter(cwe => /^CWE-\d{1,6}$/.test(cwe)))].slice(0, maxCwes)
}

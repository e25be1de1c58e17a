import { createHash } from 'node:crypto'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { shippedCycle } from '#advisories/eol/shipped.ts'
import { cveNumber } from '#advisories/epss/normalize.ts'
import { compareIds, isCve } from '#advisories/flaws.ts'
import { baseEcosystem, canonicalEcosystem, canonicalName, databaseOf } from '#advisories/names.ts'
import type { AdvisoryCandidate, AdvisoryReader, SupportDates } from '#advisories/types.ts'
import type { Affected } from '#model/advisory.ts'
import { type Distro, supportProduct } from '#model/distro.ts'
import type { Vulnerability } from '#model/finding.ts'
import { chooseRating } from '#model/severity-choice.ts'
import { split } from './bucket.ts'
import type { FeedState } from './manifest.ts'
import { unpack, unpackAffected } from './pack.ts'

type Feeds = Readonly<Record<string, FeedState>>

/** Gives what a function throws as damage of the store. */
type Guard = <Given extends unknown[], Result>(answer: (...given: Given) => Result) => (...given: Given) => Result

/** A reader over an open store. What SQLite or a column cannot answer goes through `damaged` and is thrown. */
export function createReader(db: DatabaseSync, feeds: Feeds, damaged: (error: unknown) => Error): AdvisoryReader {
  const guard: Guard =
    answer =>
    (...given) => {
      try {
        return answer(...given)
      } catch (error) {
        throw damaged(error)
      }
    }
  const { covers, lookup } = guard(() => createLookup(db, feeds, guard))()
  return {
    covers: guard(covers),
    lookup: guard(lookup),
    describe: guard(guard(() => createDescribe(db))()),
    support: guard(guard(() => createSupport(db))()),
    asOf: ecosystems => asOf(feeds, ecosystems),
    digest: ecosystems => digestOf(feeds, [...feedsOf(ecosystems), 'eol', 'epss', 'kev']),
    revision: digestOf(feeds, Object.keys(feeds).sort()),
    close: () => db.close(),
  }
}

type LookupRow = readonly [
  id: string,
  published: string | null,
  modified: string,
  summary: string | null,
  refs: string,
  body: unknown,
]

function createLookup(db: DatabaseSync, feeds: Feeds, guard: Guard): Pick<AdvisoryReader, 'covers' | 'lookup'> {
  const keys = new Map<string, number>()
  for (const row of db.prepare('SELECT key, name FROM ecosystem').all()) keys.set(row.name as string, row.key as number)
  const released = new Set([...keys.keys()].filter(name => name.includes(':')).map(baseEcosystem))
  const any = db.prepare('SELECT 1 FROM affected WHERE ecosystem = ? LIMIT 1')
  const find = db.prepare(
    `SELECT r.id, r.published, r.modified, r.summary, r.refs, a.body FROM affected a JOIN record r ON r.key = a.record
     WHERE a.ecosystem = ? AND a.name = ?`,
  )
  // Rows as arrays take half the time of objects.
  find.setReturnArrays(true)
  const resolve = createResolve(db)
  const flawsOfRefs = guard((refs: string) => flawsOf(split(refs), resolve))

  const covered = remember((ecosystem: string): boolean => {
    const name = canonicalEcosystem(ecosystem)
    const key = keys.get(name)
    if (key !== undefined && any.get(key) !== undefined) return true
    return Object.hasOwn(feeds, `osv/${name}`) && !released.has(name)
  })

  // Packages of one source, and the plan after the match, ask the same again.
  const found = remember((question: string): readonly AdvisoryCandidate[] => {
    const [asked, known] = question.split('\n') as [string, string]
    const key = keys.get(asked)
    if (key === undefined) return []
    const rows = find.all(key, known) as unknown as readonly LookupRow[]
    const candidates = rows.map(row => new Candidate(row, unpackAffected(row[5], asked, known), flawsOfRefs))
    return candidates.length < 2 ? candidates : candidates.sort((a, b) => (a.id < b.id ? -1 : 1))
  })

  return {
    covers: covered,
    lookup: (ecosystem, name) => {
      const asked = canonicalEcosystem(ecosystem)
      return found(`${asked}\n${canonicalName(asked, name)}`)
    },
  }
}

/** A row as a candidate. Most are of other versions and told of nothing: their flaws are looked up when asked for. */
class Candidate implements AdvisoryCandidate {
  readonly id: string
  readonly published?: string
  readonly modified: string
  readonly summary?: string
  readonly affected: readonly Affected[]
  readonly #refs: string
  readonly #flawsOf: (refs: string) => readonly string[]
  #flaws: readonly string[] | undefined

  constructor(row: LookupRow, affected: readonly Affected[], flawsOf: (refs: string) => readonly string[]) {
    const [id, published, modified, summary, refs] = row
    this.id = id
    if (published !== null) this.published = published
    this.modified = modified
    if (summary !== null) this.summary = summary
    this.affected = affected
    this.#refs = refs
    this.#flawsOf = flawsOf
  }

  get source(): string {
    return databaseOf(this.id)
  }

  get flaws(): readonly string[] {
    this.#flaws ??= this.#flawsOf(this.#refs)
    return this.#flaws
  }
}

function flawsOf(refs: readonly string[], resolve: (id: string) => readonly string[]): readonly string[] {
  if (refs.length === 1) return resolve(refs[0]!)
  return [...new Set(refs.flatMap(resolve))].sort(compareIds)
}

function createResolve(db: DatabaseSync): (id: string) => readonly string[] {
  const find = db.prepare('SELECT flaw FROM alias WHERE id = ?')
  const known = remember((id: string) => {
    const rows = find.all(id)
    return rows.length === 0 ? [id] : rows.map(row => row.flaw as string).sort(compareIds)
  })
  return id => (isCve(id) ? [id] : known(id))
}

/** Answers kept at most: a process that lives long asks for everything sooner or later. */
const maxKept = 10_000

/** Keeps answers to the same question. */
function remember<T>(answer: (question: string) => T): (question: string) => T {
  const kept = new Map<string, T>()
  return question => {
    const known = kept.get(question)
    if (known !== undefined) return known
    if (kept.size >= maxKept) kept.clear()
    const given = answer(question)
    kept.set(question, given)
    return given
  }
}

const bare = { aliases: [], severity: 'UNKNOWN', ratings: [], cwes: [], references: [] } as const

function createDescribe(db: DatabaseSync): AdvisoryReader['describe'] {
  // One question for both: to ask costs more than to find.
  const find = db.prepare(
    `SELECT f.detail, e.score, e.percentile FROM (SELECT ? AS id, ? AS cve) asked
     LEFT JOIN flaw f ON f.id = asked.id LEFT JOIN epss e ON e.cve = asked.cve`,
  )
  find.setReturnArrays(true)
  const findKev = db.prepare('SELECT added, due, ransomware FROM kev WHERE cve = ?')
  let exploited: ReadonlySet<string> | undefined
  const date = db.prepare("SELECT value FROM fact WHERE name = 'epss.date'").get()?.value as string | undefined

  function listing(cve: string): Vulnerability['kev'] {
    exploited ??= readExploited(db)
    const listed = exploited.has(cve) ? findKev.get(cve) : undefined
    return (
      listed && {
        added: listed.added as string,
        ...(listed.due === null ? {} : { due: listed.due as string }),
        ransomware: listed.ransomware === 1,
      }
    )
  }

  const describe = remember((flaw: string): Vulnerability => {
    const cve = cveNumber(flaw)
    const row: unknown = find.get(flaw, cve ?? null)
    const [detail, score, percentile] = row as readonly [SQLOutputValue, number | null, number | null]
    const known = detail === null ? bare : (JSON.parse(unpack(detail)) as Omit<Vulnerability, 'id'>)
    const kev = cve === undefined ? undefined : listing(flaw)
    return {
      id: flaw,
      ...known,
      ...(date !== undefined && score !== null && percentile !== null && { epss: { score, percentile, date } }),
      ...(kev && { kev }),
    }
  })

  return (flaw, preferred) => {
    const described = describe(flaw)
    if (preferred === undefined) return described
    const rating = chooseRating(described.ratings, preferred)
    return rating === undefined ? described : { ...described, severity: rating.severity, severitySource: rating.source }
  }
}

/** As one text: a row for each takes five times as long. */
function readExploited(db: DatabaseSync): ReadonlySet<string> {
  const text = db.prepare("SELECT group_concat(cve, ' ') AS cves FROM kev").get()?.cves
  return new Set(typeof text === 'string' ? text.split(' ') : [])
}

function createSupport(db: DatabaseSync): AdvisoryReader['support'] {
  const find = db.prepare('SELECT regular, last FROM support WHERE product = ? AND cycle = ?')
  return (distro: Distro): SupportDates | undefined => {
    const named = supportProduct(distro)
    if (named === undefined) return undefined
    const row = find.get(named.product, named.cycle)
    if (row === undefined) return shippedCycle(named.product, named.cycle)
    return {
      ...named,
      ...(row.regular === null ? {} : { regularUntil: row.regular as string }),
      ...(row.last === null ? {} : { lastUntil: row.last as string }),
    }
  }
}

function feedsOf(ecosystems: readonly string[]): readonly string[] {
  return [...new Set(ecosystems.map(name => `osv/${baseEcosystem(name)}`))].sort()
}

/** The oldest of the ecosystems' times; undefined where none is held. */
function asOf(feeds: Feeds, ecosystems: readonly string[]): string | undefined {
  const times = feedsOf(ecosystems).flatMap(name => (Object.hasOwn(feeds, name) ? (feeds[name]!.asOf ?? []) : []))
  return times.toSorted((a, b) => Date.parse(a) - Date.parse(b))[0]
}

function digestOf(feeds: Feeds, names: readonly string[]): string {
  const hash = createHash('sha256')
  for (const name of names) hash.update(`${name} ${Object.hasOwn(feeds, name) ? feeds[name]!.digest : '-'}\n`)
  return `sha256:${hash.digest('hex')}`
}

import { gzipSync } from 'node:zlib'
import { bucketFiles, recordOf, type TestRecord } from '#test/support/osv-bucket.ts'
import { type Answer, type HostileServer, serve } from './servers.ts'

/** A mirror of feeds whose files a test may replace by anything. */
export interface FeedServer extends HostileServer {
  /** Files by path, such as `/osv/npm/all.zip`. */
  readonly files: Map<string, Buffer>
  /** What is done instead of sending a file. */
  readonly answers: Map<string, Answer>
}

/** Paths of what the tests replace. */
export const paths = {
  index: '/osv/npm/modified_id.csv',
  archive: '/osv/npm/all.zip',
  kev: '/kev/known_exploited_vulnerabilities.json',
  epss: '/epss/epss_scores-current.csv.gz',
  eol: '/eol/endoflife.json',
} as const

/** The catalog of known exploited vulnerabilities with one in it, as of a day. */
export function kevOf(day: string): Buffer {
  const entry = {
    cveID: 'CVE-2024-0001',
    dateAdded: '2024-01-01',
    dueDate: '2024-02-01',
    knownRansomwareCampaignUse: 'Known',
  }
  const dateReleased = `${day}T00:00:00.000Z`
  return Buffer.from(
    JSON.stringify({ title: 't', catalogVersion: '1', dateReleased, count: 1, vulnerabilities: [entry] }),
  )
}

/** EPSS scores of a day. */
export function epssOf(day: string): Buffer {
  const head = `#model_version:v2025.03.14,score_date:${day}T00:00:00+0000\ncve,epss,percentile\n`
  return gzipSync(`${head}CVE-2024-0001,0.5,0.9\n`)
}

const eol = Buffer.from(
  JSON.stringify({ result: [{ name: 'debian', releases: [{ name: '12', eolFrom: '2028-06-10', isEol: false }] }] }),
)

/** Thirty records about thirty packages of an ecosystem, all modified on a day; `bad-0` is that of CVE-2024-0001. */
export function recordsOf(ecosystem: string, day: string): readonly TestRecord[] {
  return Array.from({ length: 30 }, (_, at) =>
    recordOf(`GHSA-${ecosystem.toLowerCase()}-${at}`, ecosystem, `bad-${at}`, {
      modified: `${day}T00:00:00Z`,
      ...(at === 0 && { aliases: ['CVE-2024-0001'] }),
    }),
  )
}

/** Starts a mirror with everything as it should be, of a day. */
export async function startFeedServer(day: string): Promise<FeedServer> {
  const files = new Map<string, Buffer>()
  const answers = new Map<string, Answer>()
  const server = await serve((request, response) => {
    const answer = answers.get(request.url!)
    if (answer !== undefined) return answer(request, response)
    const file = files.get(request.url!)
    if (file === undefined) response.writeHead(404).end()
    else
      response
        .writeHead(200, { 'content-length': file.length, etag: `"${file.toString('base64').slice(-30)}"` })
        .end(file)
  })
  const feeds = { ...server, files, answers }
  fillFeeds(feeds, day)
  return feeds
}

/** Puts every file as it should be on a day, and forgets all other answers. */
export function fillFeeds({ files, answers }: Pick<FeedServer, 'files' | 'answers'>, day: string): void {
  files.clear()
  answers.clear()
  files.set('/osv/ecosystems.txt', Buffer.from('PyPI\nnpm\n'))
  for (const ecosystem of ['npm', 'PyPI'])
    for (const [name, bytes] of bucketFiles(recordsOf(ecosystem, day))) files.set(`/osv/${ecosystem}/${name}`, bytes)
  files.set(paths.kev, kevOf(day))
  files.set(paths.epss, epssOf(day))
  files.set(paths.eol, eol)
}

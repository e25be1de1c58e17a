import { expect, it } from 'vitest'
import type { VulnerabilityFinding } from '#model/finding.ts'
import type { ScanResult } from '#model/report.ts'
import { type CorpusName, corpusImage, hasCorpus } from '#test/support/corpus.ts'
import { lines } from '#test/support/run.ts'
import { sharedPath } from '#test/support/shared.ts'
import { describeWith } from '#test/support/skips.ts'
import { inImage, report } from './corpus.ts'

/** One range of one Debian 12 record, as the feed has it. */
interface FeedRange {
  readonly id: string
  readonly source: string
  readonly introduced: string
  readonly fixed: string
}

const readDebian = `
import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
for name in archive.namelist():
    record = json.loads(archive.read(name))
    if record.get("withdrawn"): continue
    for affected in record["affected"]:
        if affected["package"]["ecosystem"] != "Debian:12": continue
        for span in affected["ranges"]:
            events = {key: value for event in span["events"] for key, value in event.items()}
            print(json.dumps({"id": record["id"], "source": affected["package"]["name"], "introduced": events["introduced"], "fixed": events.get("fixed", "")}))
`

/** What the feed says of an image, range by range, with dpkg as the only judge of versions. */
async function expectedRecords(name: CorpusName): Promise<readonly string[]> {
  const feed = (await lines('python3', ['-c', readDebian, sharedPath('feeds', 'osv', 'Debian', 'all.zip')!])).map(
    line => JSON.parse(line) as FeedRange,
  )
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = '${db:Status-Status} ${source:Package} ${source:Version}\n'
  const installed = (await inImage(name, ['dpkg-query', '-W', '-f', format]))
    .split('\n')
    .filter(line => line.startsWith('installed '))
  const sources = [...new Set(installed.map(line => line.slice('installed '.length)))].map(
    line => line.split(' ') as [string, string],
  )
  const questions = sources.flatMap(([source, version]) =>
    feed.filter(range => range.source === source).map(range => ({ ...range, version })),
  )
  const script = questions
    .map(({ id, source, version, introduced, fixed }) => {
      const after = introduced === '0' ? 'true' : `dpkg --compare-versions '${version}' ge '${introduced}'`
      const before = fixed === '' ? 'true' : `dpkg --compare-versions '${version}' lt '${fixed}'`
      return `${after} && ${before} && echo '${id} ${source}'`
    })
    .join('\n')
  return [...new Set(await lines('sh', ['-c', `${script}\ntrue`]))].sort()
}

function vulnerabilities(result: ScanResult): readonly VulnerabilityFinding[] {
  return result.findings.filter(finding => finding.kind === 'vulnerability')
}

/** Records of our findings in Debian packages, with the source package that each is about. */
function foundRecords(result: ScanResult): readonly string[] {
  const sources = new Map(result.packages.map(found => [found.purl, found.source?.name ?? found.name]))
  return [
    ...new Set(
      vulnerabilities(result)
        .filter(finding => finding.package.startsWith('pkg:deb/'))
        .flatMap(finding => finding.advisories.map(({ id }) => `${id} ${sources.get(finding.package)}`)),
    ),
  ].sort()
}

describeWith('the corpus and feeds of ../shared', hasCorpus())('findings in the corpus', () => {
  it.each(['debian12', 'debian12-updated', 'node-shop'] as const)(
    '%s: equal what dpkg says of every record',
    async name => {
      const expected = await expectedRecords(name)

      const { report: result } = await report('scan', corpusImage(name)!)

      console.info(`${name}: ${expected.length} Debian records apply`)
      if (name !== 'debian12-updated') expect(expected.length).toBeGreaterThan(5)
      expect(foundRecords(result)).toEqual(expected)
    },
  )

  it('node-shop fails under the default policy, and says why', async () => {
    const { code, report: result } = await report('scan', corpusImage('node-shop')!)

    expect(code).toBe(1)
    expect(result.verdict).toMatchObject({ status: 'fail', blocks: true, stage: 'build' })
    expect(result.verdict!.violations.some(({ action }) => action === 'fail')).toBe(true)
  })

  it('node-shop-fixed has no fixable operating-system vulnerability', async () => {
    const { report: result } = await report('scan', corpusImage('node-shop-fixed')!)

    const fixable = vulnerabilities(result).filter(
      ({ fix, package: purl }) => fix.available && purl.startsWith('pkg:deb/'),
    )
    expect(fixable.map(({ vulnerability, package: purl }) => `${vulnerability.id} ${purl}`)).toEqual([])
  })

  it('alpine-3.11 is incomplete, since its distribution has ended', async () => {
    const { code, report: result } = await report('scan', corpusImage('alpine-3.11')!)

    expect(code).toBe(3)
    expect(result.verdict).toMatchObject({ status: 'incomplete', blocks: true })
    expect(result.verdict!.incomplete.map(({ code: reason }) => reason)).toContain('ended-distribution')
  })

  it('Debian 12 is past its regular support: a warning, not the end', async () => {
    const { report: result } = await report('scan', corpusImage('debian12')!, ['--at', '2026-11-20T00:00:00Z'])

    expect(result.findings.find(({ kind }) => kind === 'end-of-life')).toMatchObject({ support: 'extended' })
    expect(result.verdict!.incomplete.map(({ code }) => code)).not.toContain('ended-distribution')
  })

  it('shows one flaw once, with every id', async () => {
    const { report: result } = await report('scan', corpusImage('node-shop')!)

    const keys = vulnerabilities(result).map(({ vulnerability, package: purl }) => `${vulnerability.id} ${purl}`)
    expect(new Set(keys).size).toBe(keys.length)
    const ids = vulnerabilities(result).map(finding => ({
      purl: finding.package,
      all: [finding.vulnerability.id, ...finding.vulnerability.aliases],
    }))
    for (const [index, { purl, all }] of ids.entries()) {
      const twin = ids.findIndex(
        (other, at) => at > index && other.purl === purl && other.all.some(id => all.includes(id)),
      )
      expect(twin, `${purl} ${all.join(' ')}`).toBe(-1)
    }
  })

  it('gives the same verdict on every run', async () => {
    const at = ['--at', '2026-11-20T12:00:00Z']

    const first = await report('scan', corpusImage('node-shop')!, at)
    const second = await report('scan', corpusImage('node-shop')!, at)

    expect(second.report).toEqual(first.report)
  })
})

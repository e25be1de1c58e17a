import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPath } from '#test/support/shared.ts'
import { describeWith } from '#test/support/skips.ts'
import { openStore } from './open.ts'
import { feedsStatus } from './status.ts'
import { type UpdateResult, updateStore } from './update.ts'

const feeds = sharedPath('feeds') ?? ''

describeWith('../shared/feeds', feeds !== '')('advisories/store: real feeds', () => {
  let home: string
  let result: UpdateResult

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'advisories-'))
    const start = performance.now()
    result = await updateStore({ home, from: feeds })
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.info(`built from real feeds in ${seconds} s, ${(result.size / 1e6).toFixed(1)} MB`)
  })

  afterAll(() => rmSync(home, { recursive: true, force: true }))

  it('takes every feed, and every record that each index lists', () => {
    const counts = result.outcomes.map(({ feed, records, failure }) => [feed, failure?.message ?? records])
    const expected = readdirSync(join(feeds, 'osv'), { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(({ name }) => {
        const lines = execFileSync('wc', ['-l', join(feeds, 'osv', name, 'modified_id.csv')]).toString()
        return [`osv/${name}`, Number.parseInt(lines, 10)]
      })

    expect(counts.filter(([feed]) => String(feed).startsWith('osv/'))).toEqual(
      expected.sort(([a], [b]) => (a! < b! ? -1 : 1)),
    )
    expect(counts).toContainEqual(['kev', 1404])
    expect(counts).toContainEqual(['epss', 360_142])
  })

  it('knows Log4Shell by all its names, exploited and scored', () => {
    const reader = openStore(home)!
    const flaws = reader.lookup('Maven', 'org.apache.logging.log4j:log4j-core').flatMap(one => one.flaws)
    const { aliases, severity, kev, epss } = reader.describe('CVE-2021-44228')
    reader.close()

    expect(flaws).toContain('CVE-2021-44228')
    expect(aliases).toContain('GHSA-jfh8-c2jp-5v3q')
    expect({ severity, added: kev?.added, ransomware: kev?.ransomware }).toEqual({
      severity: 'CRITICAL',
      added: '2021-12-10',
      ransomware: true,
    })
    expect(epss?.score).toBeGreaterThan(0.9)
  })

  it('tells what a Go record of two CVEs says, once for each', () => {
    const reader = openStore(home)!
    const index = readFileSync(join(feeds, 'osv', 'Go', 'modified_id.csv'), 'utf8')
    const all = reader.lookup('Go', 'stdlib').map(({ flaws }) => flaws)
    reader.close()

    expect(index).toContain('GO-')
    expect(all.length).toBeGreaterThan(50)
    for (const flaws of all) expect(new Set(flaws).size).toBe(flaws.length)
  })

  it('is not current because a record is from the year 9999', () => {
    const reader = openStore(home)!
    const asOf = reader.asOf(['Maven', 'NuGet', 'PyPI'])
    reader.close()

    expect(Date.parse(asOf!)).toBeLessThanOrEqual(Date.now())
    expect(feedsStatus(home)!.feeds.find(one => one.feed === 'osv/NuGet')!.newest).not.toMatch(/^9999/)
  })
})

import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failureCodes } from '#model/failure-codes.ts'
import { recordOf, writeBucket } from '#test/support/osv-bucket.ts'
import { openStore } from './open.ts'
import { feedsStatus } from './status.ts'
import { type UpdateOptions, updateStore } from './update.ts'

let root: string
let home: string
let from: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'advisories-'))
  home = join(root, 'home')
  from = join(root, 'feeds')
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const now = () => new Date('2026-06-01T00:00:00Z')

async function update(options: Partial<UpdateOptions> = {}) {
  const { outcomes } = await updateStore({ home, from, now, ...options })
  return Object.fromEntries(
    outcomes.map(({ feed, state, failure, changed }) => [feed, failure?.code ?? `${state} ${changed}`]),
  )
}

function read<Result>(ask: (reader: NonNullable<ReturnType<typeof openStore>>) => Result): Result {
  const reader = openStore(home)!
  try {
    return ask(reader)
  } finally {
    reader.close()
  }
}

function writeFacts(released: string, date: string): void {
  for (const folder of ['kev', 'epss', 'eol']) mkdirSync(join(from, folder), { recursive: true })
  const entry = {
    cveID: 'CVE-2024-1000',
    dateAdded: '2024-02-01',
    dueDate: '2024-02-22',
    knownRansomwareCampaignUse: 'Known',
  }
  const catalog = { dateReleased: released, count: 1, vulnerabilities: [entry] }
  writeFileSync(join(from, 'kev', 'known_exploited_vulnerabilities.json'), JSON.stringify(catalog))
  const scores = `#model_version:v1,score_date:${date}T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1000,0.5,0.97\n`
  writeFileSync(join(from, 'epss', 'epss_scores-current.csv.gz'), gzipSync(scores))
  const cycle = { cycle: '12', releaseDate: '2023-06-10', eol: '2026-07-11', eoes: '2028-06-30' }
  writeFileSync(join(from, 'eol', 'endoflife.json'), JSON.stringify({ debian: [cycle] }))
}

const ghsa = recordOf('GHSA-aaaa', 'PyPI', 'Flask_Cors', {
  aliases: ['CVE-2024-1000'],
  summary: 'Two ways in',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
})
const pysec = recordOf('PYSEC-2024-1', 'PyPI', 'flask-cors', {
  aliases: ['GHSA-aaaa'],
  modified: '2024-03-01T00:00:00Z',
})
const debian = recordOf('DEBIAN-CVE-2024-1000', 'Debian:12', 'python-flask-cors', { upstream: ['CVE-2024-1000'] })

describe('advisories/store/update: a folder', () => {
  it('joins records of one flaw, with KEV, EPSS and support dates', async () => {
    writeBucket(join(from, 'osv'), { PyPI: [ghsa, pysec], Debian: [debian] })
    writeFacts('2025-08-25T17:04:19Z', '2026-05-01')

    const outcomes = await update()

    expect(outcomes).toEqual({
      eol: 'updated 1',
      epss: 'updated 1',
      kev: 'updated 1',
      'osv/Debian': 'updated 1',
      'osv/PyPI': 'updated 2',
    })
    read(reader => {
      expect(reader.lookup('PyPI', 'flask.cors').map(({ id, source, flaws }) => ({ id, source, flaws }))).toEqual([
        { id: 'GHSA-aaaa', source: 'GHSA', flaws: ['CVE-2024-1000'] },
        { id: 'PYSEC-2024-1', source: 'PYSEC', flaws: ['CVE-2024-1000'] },
      ])
      expect(reader.lookup('Debian:12', 'python-flask-cors')[0]).toMatchObject({
        source: 'Debian',
        flaws: ['CVE-2024-1000'],
      })
      expect(reader.describe('CVE-2024-1000')).toEqual({
        id: 'CVE-2024-1000',
        aliases: ['GHSA-aaaa', 'PYSEC-2024-1'],
        summary: 'Two ways in',
        severity: 'CRITICAL',
        severitySource: 'GHSA',
        ratings: [
          {
            source: 'GHSA',
            severity: 'CRITICAL',
            score: 9.8,
            vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
            method: 'CVSSv31',
          },
        ],
        cwes: [],
        references: [],
        published: '2024-01-01T00:00:00Z',
        epss: { score: 0.5, percentile: 0.97, date: '2026-05-01' },
        kev: { added: '2024-02-01', due: '2024-02-22', ransomware: true },
      })
      expect(reader.support({ id: 'debian', version: '12', name: 'Debian 12' })).toEqual({
        product: 'debian',
        cycle: '12',
        regularUntil: '2026-07-11',
        lastUntil: '2028-06-30',
      })
      expect([
        reader.covers('Debian:12'),
        reader.covers('Debian:13'),
        reader.covers('Debian'),
        reader.covers('PyPI'),
      ]).toEqual([true, false, false, true])
      expect(reader.lookup('Debian:13', 'python-flask-cors')).toEqual([])
    })
  })

  it('takes a bare OSV bucket, and nothing from an empty folder', async () => {
    writeBucket(from, { PyPI: [ghsa] })

    expect(await update()).toEqual({ 'osv/PyPI': 'updated 1' })
    await expect(updateStore({ home, from: root })).rejects.toMatchObject({ code: 'feeds/not-found' })
  })

  it('is as current as the newest record of the whole folder, and no future record helps', async () => {
    const future = recordOf('GHSA-bbbb', 'npm', 'x', { modified: '9999-01-01T00:00:00Z' })
    writeBucket(from, { PyPI: [ghsa, pysec], npm: [future] })

    await update()

    expect(read(reader => [reader.asOf(['PyPI']), reader.asOf(['npm', 'Debian:12']), reader.asOf(['Go'])])).toEqual([
      '2024-03-01T00:00:00Z',
      '2024-03-01T00:00:00Z',
      undefined,
    ])
  })

  it('digests content, not order, machine or company', async () => {
    const digest = () => read(reader => reader.digest(['PyPI']))
    writeBucket(from, { PyPI: [ghsa, pysec] })
    await update()
    const first = digest()

    writeBucket(from, { PyPI: [pysec, ghsa], npm: [recordOf('GHSA-cccc', 'npm', 'x')] })
    rmSync(home, { recursive: true })
    await update({ now: () => new Date('2026-07-01T00:00:00Z') })
    const second = digest()
    writeBucket(from, { PyPI: [ghsa, { ...pysec, modified: '2024-04-01T00:00:00Z' }] })
    await update()

    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(second).toBe(first)
    expect(digest()).not.toBe(first)
  })

  it('takes over changes, withdrawals and removals as if it were built anew', async () => {
    const others = Array.from({ length: 5 }, (_, at) =>
      recordOf(`GHSA-x${at}`, 'PyPI', `p${at}`, { aliases: [`CVE-2024-200${at}`] }),
    )
    writeBucket(from, { PyPI: [ghsa, pysec, ...others], Debian: [debian] })
    await update()
    const changed = [
      { ...ghsa, aliases: ['CVE-2024-1001'], modified: '2024-05-01T00:00:00Z' },
      { ...pysec, modified: '2024-05-02T00:00:00Z', withdrawn: '2024-05-02T00:00:00Z' },
      ...others.slice(1),
    ]
    writeBucket(from, { PyPI: changed, Debian: [debian] })

    expect(await update()).toEqual({ 'osv/Debian': 'current 0', 'osv/PyPI': 'updated 3' })

    const incremental = dump()
    rmSync(home, { recursive: true })
    await update()
    expect(incremental).toEqual(dump())
    read(reader => {
      expect(reader.lookup('PyPI', 'flask-cors').map(one => one.flaws)).toEqual([['CVE-2024-1001']])
      expect(reader.lookup('PyPI', 'p0')).toEqual([])
      expect(reader.describe('CVE-2024-1000').aliases).toEqual([])
    })
  })

  function dump() {
    const folder = join(home, 'advisories')
    const db = new DatabaseSync(join(folder, readdirSync(folder).find(name => name.endsWith('.db'))!), {
      readOnly: true,
    })
    const rows = [
      db
        .prepare(
          'SELECT bucket, id, modified, refs, links, hash FROM record JOIN origin ON record = key ORDER BY bucket, id',
        )
        .all(),
      db
        .prepare(
          'SELECT e.name AS ecosystem, a.name, a.body, r.id FROM affected a JOIN ecosystem e ON e.key = a.ecosystem JOIN record r ON r.key = a.record ORDER BY 1, 2, 4',
        )
        .all(),
      db.prepare('SELECT m.id, r.id AS record FROM mention m JOIN record r ON r.key = m.record ORDER BY 1, 2').all(),
      db.prepare('SELECT * FROM alias ORDER BY id, flaw').all(),
      db.prepare('SELECT id, CAST(detail AS BLOB) FROM flaw ORDER BY id').all(),
    ]
    db.close()
    return rows
  }
})

describe('advisories/store/update: broken feeds', () => {
  beforeEach(async () => {
    writeBucket(from, { PyPI: [ghsa, pysec], npm: [recordOf('GHSA-cccc', 'npm', 'x')] })
    writeFacts('2025-08-25T17:04:19Z', '2026-05-01')
    await update()
  })

  const kept = () => read(reader => [reader.lookup('PyPI', 'flask-cors').length, reader.lookup('npm', 'x').length])

  it.each<readonly [string, string, () => void]>([
    ['an archive that is cut off', 'feeds/broken', () => truncateSync(join(from, 'PyPI', 'all.zip'), 200)],
    [
      'an archive of another ecosystem',
      'feeds/broken',
      () => copyFileSync(join(from, 'npm', 'all.zip'), join(from, 'PyPI', 'all.zip')),
    ],
    ['an index that is cut off', 'feeds/broken', () => truncateSync(join(from, 'PyPI', 'modified_id.csv'), 60)],
    [
      'an index that names a record that is not there',
      'feeds/broken',
      () => appendFileSync(join(from, 'PyPI', 'modified_id.csv'), '2024-01-01T00:00:00Z,GHSA-gone\n'),
    ],
    [
      'a record under another name',
      'feeds/broken',
      () =>
        writeBucket(from, {
          PyPI: [
            { ...ghsa, id: 'GHSA-aaaa' },
            { ...pysec, id: '../x' },
          ],
        }),
    ],
    [
      'a replay',
      'feeds/replayed',
      () => writeBucket(from, { PyPI: [ghsa, { ...pysec, modified: '2024-02-01T00:00:00Z' }] }),
    ],
  ])('keeps what it has where there is %s', async (_, code, damage) => {
    damage()

    const outcomes = await update()

    expect(outcomes['osv/PyPI']).toBe(code)
    expect(outcomes['osv/npm']).toBe('current 0')
    expect(kept()).toEqual([2, 1])
    expect(Object.hasOwn(failureCodes, code)).toBe(true)
  })

  it('keeps what it has where a flipped bit spoils a record', async () => {
    const path = join(from, 'PyPI', 'all.zip')
    const bytes = readFileSync(path)
    bytes[45] = bytes[45]! ^ 0x10
    writeFileSync(path, bytes)

    expect((await update())['osv/PyPI']).toBe('feeds/broken')
    expect(kept()).toEqual([2, 1])
  })

  it('does not let a good feed suffer from a bad one', async () => {
    truncateSync(join(from, 'PyPI', 'all.zip'), 200)
    writeBucket(from, { npm: [recordOf('GHSA-cccc', 'npm', 'y', { modified: '2024-09-01T00:00:00Z' })] })

    expect(await update()).toMatchObject({ 'osv/PyPI': 'feeds/broken', 'osv/npm': 'updated 1' })
    expect(kept()).toEqual([2, 0])
  })

  it('refuses older KEV and EPSS, and broken ones', async () => {
    writeFacts('2025-01-01T00:00:00Z', '2026-04-01')
    expect(await update()).toMatchObject({ kev: 'feeds/replayed', epss: 'feeds/replayed' })
    writeFileSync(
      join(from, 'kev', 'known_exploited_vulnerabilities.json'),
      '{"dateReleased":"2027-01-01T00:00:00Z","count":2,"vulnerabilities":[]}',
    )
    writeFileSync(join(from, 'epss', 'epss_scores-current.csv.gz'), gzipSync('<html>').subarray(0, 15))
    writeFileSync(join(from, 'eol', 'endoflife.json'), '{"debian": {')
    expect(await update()).toMatchObject({ kev: 'feeds/broken', epss: 'feeds/broken', eol: 'feeds/broken' })
    expect(read(reader => reader.describe('CVE-2024-1000').kev?.added)).toBe('2024-02-01')
  })

  it('refuses a replay without an index, too', async () => {
    writeBucket(from, { PyPI: [ghsa] })
    rmSync(join(from, 'PyPI', 'modified_id.csv'))

    expect((await update())['osv/PyPI']).toBe('feeds/replayed')
    expect(kept()).toEqual([2, 1])
  })

  it('refuses a feed that lost most of its records', async () => {
    const many = Array.from({ length: 40 }, (_, at) => recordOf(`GHSA-${at}`, 'npm', `p${at}`))
    writeBucket(from, { npm: many })
    await update()
    writeBucket(from, { npm: many.slice(0, 10) })

    expect((await update())['osv/npm']).toBe('feeds/broken')
  })
})

describe('advisories/store/update: the store', () => {
  const folder = () => join(home, 'advisories')
  const database = () => join(folder(), readdirSync(folder()).find(name => name.endsWith('.db'))!)

  beforeEach(async () => {
    writeBucket(from, { PyPI: [ghsa, pysec] })
    await update()
  })

  it('keeps an open reader on what it opened, and leaves one database', async () => {
    const reader = openStore(home)!
    writeBucket(from, { PyPI: [{ ...ghsa, modified: '2024-09-01T00:00:00Z', affected: [] }, pysec] })

    await update()

    expect(reader.lookup('PyPI', 'flask-cors').length).toBe(2)
    expect(read(fresh => fresh.lookup('PyPI', 'flask-cors').length)).toBe(1)
    expect(readdirSync(folder()).filter(name => name.includes('.db')).length).toBe(1)
    reader.close()
  })

  it.each<readonly [string, string, () => void]>([
    ['a changed byte', 'feeds/damaged-store', () => patch(database(), 5_000)],
    ['a database cut off', 'feeds/damaged-store', () => truncateSync(database(), 8_192)],
    ['no database', 'feeds/damaged-store', () => rmSync(database())],
    ['a changed manifest', 'feeds/damaged-store', () => patch(join(folder(), 'store.json'), 200)],
    ['a file that is no manifest', 'feeds/damaged-store', () => writeFileSync(join(folder(), 'store.json'), '{}')],
  ])('says so on %s, and an update repairs it', async (_, code, damage) => {
    damage()

    expect(() => openStore(home)).toThrow(
      expect.objectContaining({ code, hint: expect.stringContaining('sluice feeds update') }),
    )

    await update()
    expect(read(reader => reader.lookup('PyPI', 'flask-cors').length)).toBe(2)
  })

  function patch(path: string, at: number): void {
    const bytes = readFileSync(path)
    bytes[at] = bytes[at]! ^ 0x01
    writeFileSync(path, bytes)
  }

  it('opens a copied folder after comparing it', () => {
    const copy = join(root, 'copy')
    cpSync(home, copy, { recursive: true })

    const reader = openStore(copy)!

    expect(reader.lookup('PyPI', 'flask-cors').length).toBe(2)
    reader.close()
    expect(readdirSync(join(copy, 'advisories')).filter(name => name.endsWith('.verified')).length).toBe(1)
  })

  it('tells what it holds, and nothing where there is no store', () => {
    const status = feedsStatus(home)!

    expect(status.feeds).toMatchObject([
      { feed: 'osv/PyPI', origin: 'import', from, records: 2, silent: 0, newest: '2024-03-01T00:00:00Z' },
    ])
    expect(status.size).toBeGreaterThan(0)
    expect(feedsStatus(join(root, 'none'))).toBeUndefined()
    expect(openStore(join(root, 'none'))).toBeUndefined()
  })

  it('lets one update at a time through', async () => {
    const waited: string[] = []
    const progress = ({ step }: { step: string }) => void waited.push(step)

    const both = await Promise.all([update(), update({ progress })])

    expect(both.every(outcome => outcome['osv/PyPI'] === 'current 0')).toBe(true)
    expect(waited).toContain('wait')
    const lock = new DatabaseSync(join(folder(), 'update.lock'))
    lock.exec('BEGIN EXCLUSIVE')
    await expect(updateStore({ home, from, wait: 0 })).rejects.toMatchObject({ code: 'feeds/locked' })
    lock.close()
  })

  it('says so where it cannot be written', async () => {
    writeFileSync(join(root, 'file'), '')

    await expect(updateStore({ home: join(root, 'file'), from })).rejects.toMatchObject({
      code: 'feeds/unwritable-store',
    })
  })

  it('stops when asked to', async () => {
    await expect(updateStore({ home, from, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })

    expect(read(reader => reader.lookup('PyPI', 'flask-cors').length)).toBe(2)
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeBucket } from '#test/support/osv-bucket.ts'
import { osvRecords } from './fixtures/osv-records.ts'
import { benchFolders } from './folders.ts'
import { grypeEnvironment, hasGrypeDatabase, prepareGrypeDatabase, writeGrypeDatabase } from './grype-database.ts'

const grype = join(benchFolders().peers, 'grype')

/** Not `itWith`: CI has no twenty minutes to build the peers, so that this is never a failure. */
const itWithGrype = existsSync(grype) ? it : it.skip
if (!existsSync(grype)) console.warn('SKIPPED: tests need Grype, which the first `npm run bench` builds')

describe("bench/grype-database: Grype's database from our feeds", () => {
  let folder: string
  let feeds: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'grype-'))
    feeds = join(folder, 'feeds')
    writeBucket(join(feeds, 'osv'), osvRecords)
    const scores = '#model_version:v2026.06.15,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\n'
    const rows = 'CVE-2021-23337,0.21333,0.97387\nCVE-2021-44228,0.94358,0.99961\n'
    write(join(feeds, 'epss/epss_scores-current.csv.gz'), gzipSync(scores + rows))
    const entry = { cveID: 'CVE-2021-44228', dateAdded: '2021-12-10', knownRansomwareCampaignUse: 'Known' }
    const catalog = { dateReleased: '2025-08-01T00:00:00Z', count: 1, vulnerabilities: [entry] }
    write(join(feeds, 'kev/known_exploited_vulnerabilities.json'), JSON.stringify(catalog))
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('says of every package what the records say', async () => {
    const db = await open()
    const statements = db.prepare(`
      SELECT provider_id, v.name, ecosystem, p.name AS package, blobs.value AS blob,
        s.name || ' ' || major_version || '.' || minor_version || ' ' || codename AS system
      FROM affected_package_handles a JOIN vulnerability_handles v ON v.id = vulnerability_id
      JOIN packages p ON p.id = package_id JOIN blobs ON blobs.id = a.blob_id
      LEFT JOIN operating_systems s ON s.id = operating_system_id`)
    const lines = statements.all().map(({ provider_id, name, ecosystem, package: named, system, blob }) => {
      const { ranges } = JSON.parse(String(blob)) as { ranges: { version: { type: string; constraint: string } }[] }
      const said = ranges.map(({ version }) => `${version.type} ${version.constraint}`).join(' | ')
      return [provider_id, name, system ?? '', `${ecosystem}/${named}`, said].join(', ')
    })
    db.close()

    expect(lines.sort()).toEqual([
      'alpine, CVE-2019-14697, alpine 3.10 , apk/musl, apk < 1.1.22-r3',
      'alpine, CVE-2019-14697, alpine 3.11 , apk/musl, apk < 1.1.23-r2',
      'chainguard, CVE-2025-22868, wolfi . , apk/podman, apk < 5.4.1-r2',
      'cve, CVE-2018-10874, , python/ansible, python >= 2.4, <= 2.6 | python = 2.0',
      'debian, CVE-2022-4450, debian 11. bullseye, deb/openssl, deb < 1.1.1n-0+deb11u4',
      'debian, CVE-2023-0286, debian 11. bullseye, deb/openssl, deb < 1.1.1n-0+deb11u4',
      'debian, CVE-2026-42496, debian 12. bookworm, deb/perl, deb < 5.36.0-7+deb12u4',
      'github, GHSA-35jh-r3h4-6jhm, , npm/lodash, semver < 4.17.21',
      'github, GHSA-35jh-r3h4-6jhm, , npm/lodash.template, semver <= 4.5.0',
      'github, GHSA-jfh8-c2jp-5v3q, , java-archive/org.apache.logging.log4j:log4j-core, maven >= 2.13.0, < 2.15.0 | maven >= 2.0-beta9, < 2.3.1',
      'go, GO-2022-0969, , go-module/golang.org/x/net, go < 0.0.0-20220906165146-f3363e06e74c',
      'go, GO-2022-0969, , go-module/stdlib, go < 1.18.6 | go >= 1.19.0-0, < 1.19.1',
      'mal, MAL-2025-47577, , npm/adobe-alloy-mini-site, semver ',
      'pysec, PYSEC-2023-74, , python/requests, python >= 2.3.0, < 2.31.0',
    ])
  })

  it('keeps what describes a vulnerability, exploitation and odds', async () => {
    const db = await open()
    const blobs = db.prepare(
      'SELECT value FROM blobs JOIN vulnerability_handles v ON v.blob_id = blobs.id WHERE name = ?',
    )
    const { value } = blobs.get('GHSA-35jh-r3h4-6jhm')!
    const scores = db.prepare('SELECT cve, epss, percentile FROM epss_handles').all()
    const exploited = db.prepare(
      'SELECT cve, value FROM known_exploited_vulnerability_handles k JOIN blobs ON blobs.id = k.blob_id',
    )
    const { cve, value: known } = exploited.get()!
    const [system] = db.prepare("SELECT * FROM operating_system_specifier_overrides WHERE alias = 'wolfi'").all()
    db.close()

    expect(JSON.parse(String(value))).toEqual({
      id: 'GHSA-35jh-r3h4-6jhm',
      description: 'Command Injection in lodash',
      refs: [{ url: 'https://nvd.nist.gov/vuln/detail/CVE-2021-23337' }],
      aliases: ['CVE-2021-23337'],
      severities: [
        { scheme: 'CHML', value: 'high', rank: 1 },
        {
          scheme: 'CVSS',
          value: { vector: 'CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H', version: '3.1' },
          rank: 2,
        },
      ],
    })
    expect(scores).toMatchObject([
      { cve: 'CVE-2021-23337', epss: 0.21333, percentile: 0.97387 },
      { cve: 'CVE-2021-44228', epss: 0.94358, percentile: 0.99961 },
    ])
    expect([cve, JSON.parse(String(known))]).toEqual([
      'CVE-2021-44228',
      { cve: 'CVE-2021-44228', date_added: '2021-12-10T00:00:00Z', known_ransomware_campaign_use: 'Known' },
    ])
    expect(system).toMatchObject({ rolling: 1 })
  })

  describe('in Grype', () => {
    const scratch = () => join(folder, 'scratch')
    const prepare = () => prepareGrypeDatabase({ grype, feeds, scratch: scratch() })

    itWithGrype('is what it reports from, in a Debian with lock files', async () => {
      await prepare()
      const root = join(folder, 'debian')
      write(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
      write(
        join(root, 'var/lib/dpkg/status'),
        'Package: libperl5.36\nStatus: install ok installed\nSource: perl\nArchitecture: amd64\nVersion: 5.36.0-7+deb12u3\n',
      )
      const packages = {
        '': { name: 'app', version: '1.0.0' },
        'node_modules/lodash': { version: '4.17.20' },
        'node_modules/lodash.template': { version: '4.6.0' },
        'node_modules/adobe-alloy-mini-site': { version: '7.0.0' },
      }
      write(join(root, 'app/package-lock.json'), JSON.stringify({ name: 'app', lockfileVersion: 3, packages }))
      write(join(root, 'app/requirements.txt'), 'ansible==2.0\nrequests==2.30.0\n')
      write(
        join(root, 'app/go.mod'),
        'module example.org/app\n\nrequire golang.org/x/net v0.0.0-20210405180319-a5a99cb37ef4\n',
      )

      expect(report(root)).toEqual([
        'CVE-2018-10874 ansible 2.0',
        'CVE-2026-42496 libperl5.36 5.36.0-7+deb12u3, fixed in 5.36.0-7+deb12u4',
        'GHSA-35jh-r3h4-6jhm lodash 4.17.20, fixed in 4.17.21, high, EPSS 0.21333',
        'GO-2022-0969 golang.org/x/net v0.0.0-20210405180319-a5a99cb37ef4, fixed in 0.0.0-20220906165146-f3363e06e74c',
        'MAL-2025-47577 adobe-alloy-mini-site 7.0.0',
        'PYSEC-2023-74 requests 2.30.0, fixed in 2.31.0',
      ])
    })

    itWithGrype('knows the releases of Alpine, and that Wolfi has none', async () => {
      await prepare()
      const installed = (name: string, version: string) => `P:${name}\nV:${version}\nA:x86_64\no:${name}\n\n`
      const make = (id: string, version: string, content: string) => {
        const root = join(folder, `${id}-${version}`)
        write(join(root, 'etc/os-release'), `ID=${id}\nVERSION_ID=${version}\n`)
        write(join(root, 'lib/apk/db/installed'), content)
        return root
      }

      expect(report(make('alpine', '3.10.9', installed('musl', '1.1.22-r3')))).toEqual([])
      expect(report(make('alpine', '3.11.3', installed('musl', '1.1.22-r3')))).toEqual([
        'CVE-2019-14697 musl 1.1.22-r3, fixed in 1.1.23-r2',
      ])
      expect(report(make('wolfi', '20230201', installed('podman', '5.4.1-r1')))).toEqual([
        'CVE-2025-22868 podman 5.4.1-r1, fixed in 5.4.1-r2',
      ])
    })

    itWithGrype('is made once, and again where a feed is another', async () => {
      await prepare()
      const made = () => statSync(join(grypeEnvironment(scratch()).GRYPE_DB_CACHE_DIR, '6', 'vulnerability.db')).mtimeMs
      const first = made()
      await prepare()

      expect(made()).toBe(first)
      expect(hasGrypeDatabase(scratch())).toBe(true)

      utimesSync(join(feeds, 'osv/npm/all.zip'), new Date(), new Date('2026-01-01'))
      await prepare()

      expect(made()).not.toBe(first)
    })

    /** What Grype finds in a directory, one line each. */
    function report(root: string): readonly string[] {
      const text = execFileSync(grype, ['--quiet', '-o', 'json', `dir:${root}`], {
        env: { ...process.env, ...grypeEnvironment(scratch()) },
        encoding: 'utf8',
      })
      const { matches } = JSON.parse(text) as { matches: readonly Match[] }
      return matches
        .map(({ vulnerability: { id, severity, epss, fix }, artifact: { name, version } }) => {
          const parts = [`${id} ${name} ${version}`, ...fix.versions.map(fixed => `fixed in ${fixed}`)]
          if (severity !== 'Unknown') parts.push(severity.toLowerCase())
          return [...parts, ...(epss ?? []).map(odds => `EPSS ${odds.epss}`)].join(', ')
        })
        .sort()
    }
  })

  async function open(): Promise<DatabaseSync> {
    const path = join(mkdtempSync(join(folder, 'tables-')), 'vulnerability.db')
    await writeGrypeDatabase(feeds, path)
    return new DatabaseSync(path, { readOnly: true })
  }
})

interface Match {
  readonly vulnerability: {
    readonly id: string
    readonly severity: string
    readonly epss?: readonly { readonly epss: number }[]
    readonly fix: { readonly versions: readonly string[] }
  }
  readonly artifact: { readonly name: string; readonly version: string }
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

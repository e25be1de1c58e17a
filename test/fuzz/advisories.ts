import { loadRating } from '#advisories/cvss.ts'
import { normalizeEol } from '#advisories/eol/normalize.ts'
import { normalizeEpss } from '#advisories/epss/normalize.ts'
import { normalizeKev } from '#advisories/kev/normalize.ts'
import { readRecord } from '#advisories/osv/archive.ts'
import { readModifiedIndex } from '#advisories/osv/index-file.ts'
import { affects } from '#advisories/ranges.ts'
import { readManifest } from '#advisories/store/manifest.ts'
import { compareVersions } from '#ecosystems/npm/version.ts'
import { parseJson } from '#lib/json.ts'
import { parsePolicy } from '#policy/parse.ts'
import type { FuzzTarget } from '#tools/fuzz/target.ts'
import { fixture, textOf } from './seeds.ts'

const json = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '"__proto__":',
  'null',
  '1e999',
  '"affected":[',
  '"events":[',
  '"fixed":"',
  '"introduced":"0"',
  '"ranges":[',
]

const record = `{"schema_version":"1.7.0","id":"GHSA-aaaa-bbbb-cccc","modified":"2024-01-02T03:04:05Z","aliases":["CVE-2024-1"],
"summary":"s","details":"d","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
"affected":[{"package":{"ecosystem":"npm","name":"a","purl":"pkg:npm/a"},"versions":["1.0.0"],"ranges":[{"type":"SEMVER",
"events":[{"introduced":"0"},{"fixed":"2.0.0"},{"limit":"3"}]}],"database_specific":{"severity":"HIGH"}}],
"references":[{"type":"WEB","url":"https://example.com"}],"database_specific":{"cwe_ids":["CWE-79"]}}`

const kev = `{"title":"t","catalogVersion":"2024.01.02","dateReleased":"2024-01-02T00:00:00.000Z","count":1,"vulnerabilities":[
{"cveID":"CVE-2024-1","dateAdded":"2024-01-01","dueDate":"2024-02-01","knownRansomwareCampaignUse":"Known"}]}`

const epss = '#model_version:v2025.03.14,score_date:2025-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.5,0.9\n'

const eol = `{"result":[{"name":"debian","releases":[{"name":"12","eolFrom":"2026-06-10","isEol":false}]}],"debian":[{"cycle":"12","eol":"2026-06-10","extendedSupport":true,"releaseDate":"2023-06-10"}]}`

const rate = await loadRating()

/** Feeds, the store's own document, policies and scores. */
export const advisoryTargets: readonly FuzzTarget[] = [
  {
    name: 'osv',
    covers: ['advisories/osv/normalize', 'advisories/osv/affected', 'advisories/ranges'],
    seeds: () => [record],
    words: json,
    throws: 'errors',
    run: bytes => {
      const read = readRecord(bytes, 'GHSA-aaaa-bbbb-cccc', 'npm')
      for (const statement of read.advisory.affected) affects(statement, '1.0.0', compareVersions)
    },
  },
  {
    name: 'osv-index',
    covers: ['advisories/osv/index-file'],
    seeds: () => ['2024-01-02T03:04:05.123456Z,GHSA-aaaa-bbbb-cccc\n2024-01-02T03:04:05Z,CVE-2024-1\n'],
    words: ['\n', ',', 'T00:00:00Z'],
    throws: 'never',
    run: bytes => void readModifiedIndex(textOf(bytes)),
  },
  {
    name: 'kev',
    covers: ['advisories/kev/normalize'],
    seeds: () => [kev],
    words: json,
    throws: 'errors',
    run: bytes => void normalizeKev(parseJson(textOf(bytes))),
  },
  {
    name: 'epss',
    covers: ['advisories/epss/normalize'],
    seeds: () => [epss],
    words: ['CVE-2024-', ',', '\n', '0.5', '1e-5', '#'],
    throws: 'never',
    run: bytes => void normalizeEpss(textOf(bytes)),
  },
  {
    name: 'eol',
    covers: ['advisories/eol/normalize'],
    seeds: () => [eol],
    words: [...json, 'true', 'false', '"2024-01-01"'],
    throws: 'errors',
    run: bytes => void normalizeEol(parseJson(textOf(bytes))),
  },
  {
    name: 'cvss',
    covers: ['advisories/cvss'],
    seeds: () => [
      'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
      'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
      'AV:N/AC:L/Au:N/C:P/I:P/A:P',
    ],
    words: ['CVSS:4.0', 'CVSS:3.0', '/', ':', 'AV:', 'E:', 'MAV:X'],
    throws: 'never',
    run: bytes => void rate({ type: 'CVSS_V3', score: textOf(bytes) }, 'NVD'),
  },
  {
    name: 'store-manifest',
    covers: ['advisories/store/manifest'],
    seeds: () => ['{"version":2,"file":"a.db","sha256":"00","feeds":{}}'],
    words: json,
    throws: 'never',
    run: bytes => void readManifest(textOf(bytes)),
  },
  {
    name: 'policy',
    covers: [
      'policy/parse',
      'policy/faults',
      'policy/condition',
      'policy/scope',
      'policy/waivers',
      'policy/read-waiver',
    ],
    seeds: () => [fixture('policy/default.yaml'), fixture('policy/fixtures/example.yaml')],
    words: [
      '\n  ',
      ': ',
      '- ',
      '&a ',
      '*a',
      'when: ',
      ' && ',
      '.exists(x, x)',
      '.matches("(a+)+$")',
      '{',
      '[',
      'stages:\n',
      '30d',
    ],
    throws: 'errors',
    run: bytes => void parsePolicy(textOf(bytes), 'fuzz'),
  },
]

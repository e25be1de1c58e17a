import { Failure } from '#lib/failure.ts'
import { asObject, member, parseJson } from '#lib/json.ts'
import { problemCodes } from '#model/problem.ts'
import type { ScanResult } from '#model/report.ts'
import { severities } from '#model/severity.ts'
import { stages } from '#model/stage.ts'
import { incompleteCodes, verdictStatuses } from '#model/verdict.ts'
import { reportSchemaId } from './report-schema.ts'
import { flag, list, number, object, record, type Shape, text, word } from './shape.ts'

/** A report of as many packages as are listed, with a finding in many of them. */
const maxValues = 10_000_000

/**
 * Reads a report that `-o json` wrote, of this or a later version. Throws a `Failure` with the code `report/invalid` for
 * anything else; `name` is what the message calls it. Members that this version does not know are kept.
 */
export function parseReport(source: string, name: string): ScanResult {
  let value: unknown
  try {
    value = parseJson(source, maxValues)
  } catch (cause) {
    throw new Failure('report/invalid', `${name} is not JSON`, { cause })
  }
  if (member(value, 'schema') !== reportSchemaId)
    throw new Failure('report/invalid', `${name} is not a ${reportSchemaId} report`, {
      hint: 'Write one with: sluice scan TARGET -o json=FILE',
    })
  const wrong = report(value, 'report')
  if (wrong !== undefined) throw new Failure('report/invalid', `${name} is not a valid report: ${wrong}`)
  const { schema: _, ...result } = asObject(value) ?? {}
  return result as unknown as ScanResult
}

const severity = word(...severities)
const texts = list(text)
const location = object({ path: text }, { layer: text, line: number })

const image = object(
  {
    id: text,
    tags: texts,
    platform: object({ os: text, architecture: text }, { variant: text }),
    layers: list(object({ diffId: text, base: flag }, { step: text })),
    labels: record(text),
  },
  { digest: text, created: text },
)

const packageShape = object(
  {
    purl: text,
    type: text,
    name: text,
    version: text,
    licenses: texts,
    state: word('installed', 'declared'),
    locations: list(location),
  },
  {
    arch: text,
    source: object({ name: text, version: text }),
    modularity: text,
    dev: flag,
    owner: text,
    introduced: object({ layer: number, diffId: text, base: flag }, { step: text }),
  },
)

const vulnerability = object(
  {
    id: text,
    aliases: texts,
    severity,
    ratings: list(
      object(
        { source: text, severity },
        { score: number, vector: text, method: word('CVSSv2', 'CVSSv3', 'CVSSv31', 'CVSSv4') },
      ),
    ),
    cwes: texts,
    references: texts,
  },
  {
    summary: text,
    severitySource: text,
    published: text,
    epss: object({ score: number, percentile: number, date: text }),
    kev: object({ added: text, ransomware: flag }, { due: text }),
  },
)

const vulnerabilityFinding = object({
  kind: word('vulnerability'),
  fingerprint: text,
  vulnerability,
  package: text,
  advisories: list(object({ id: text, source: text, modified: text }, { fixed: text, published: text })),
  fix: object({ available: flag }, { version: text, since: text }),
  severity,
})

const supportFinding = object(
  {
    kind: word('end-of-life'),
    fingerprint: text,
    subject: text,
    support: word('ended', 'extended'),
    regularUntil: text,
    lastUntil: text,
    severity,
  },
  { location },
)

const finding: Shape = (value, path) =>
  member(value, 'kind') === 'end-of-life' ? supportFinding(value, path) : vulnerabilityFinding(value, path)

const verdict = object({
  status: word(...verdictStatuses),
  blocks: flag,
  stage: word(...stages),
  violations: list(
    object({ rule: text, title: text, action: word('warn', 'fail'), finding: text }, { graceUntil: text, help: text }),
  ),
  waived: list(object({ waiver: text, finding: text, reason: text, expires: text }, { justification: text })),
  incomplete: list(object({ code: word(...incompleteCodes), detail: text })),
  notes: texts,
  inputs: object({
    facts: text,
    advisories: text,
    policy: object({ name: text, version: number, digest: text }),
    engine: text,
    at: text,
  }),
})

const report = object(
  {
    tool: object({ name: word('sluice'), version: text }),
    target: object({ scheme: text, name: text, kind: word('image', 'filesystem', 'directory') }, { image }),
    packages: list(packageShape),
    findings: list(finding),
    problems: list(object({ code: word(...problemCodes), detail: text }, { location })),
    actions: list(
      object(
        {
          kind: word('upgrade', 'none'),
          type: text,
          name: text,
          from: texts,
          packages: texts,
          removes: texts,
          base: flag,
        },
        { to: text },
      ),
    ),
    createdAt: text,
  },
  {
    distro: object({ id: text, name: text }, { version: text, codename: text }),
    verdict,
    advisories: object({ consulted: texts, missing: texts }, { asOf: text }),
  },
)

import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '#lib/failure.ts'
import { defaultPolicyFile } from './default-policy.ts'
import { day } from './duration.ts'
import { failOnDocument } from './fail-on.ts'
import { parsePolicy } from './parse.ts'

const example = readFileSync(new URL('./fixtures/example.yaml', import.meta.url), 'utf8')

const head = { apiVersion: 'sluice/v1', kind: 'Policy', metadata: { name: 'p', version: 1 } }
const rule = { id: 'r', title: 't', when: 'finding.kev', stages: { build: 'fail' } }
const waiver = {
  id: 'w',
  vulnerability: 'CVE-2026-1',
  reason: 'r',
  requestedBy: 'a',
  approvedBy: 'b',
  expires: '2027-01-31',
}
const policyTest = { name: 'n', facts: 'f.json', stage: 'build', expect: 'fail' }

/** Documents that are wrong, and words of the message. */
const bad: readonly (readonly [string, unknown, string])[] = [
  ['not an object', [], 'the document has to be an object'],
  ['empty', null, 'the document has to be an object'],
  ['another version', { ...head, apiVersion: 'sluice/v2' }, 'apiVersion has to be one of sluice/v1'],
  ['without metadata', { apiVersion: 'sluice/v1', kind: 'Policy' }, 'needs metadata'],
  ['unknown key', { ...head, rulez: [] }, 'rulez is not known; did you mean rules?'],
  [
    'unknown key deep',
    { ...head, rules: [{ ...rule, wehn: 'true' }] },
    'rules[0].wehn is not known; did you mean when?',
  ],
  [
    'prototype key',
    JSON.parse('{"apiVersion":"sluice/v1","kind":"Policy","metadata":{"name":"p","version":1,"__proto__":1}}'),
    'metadata.__proto__ is not known',
  ],
  ['unknown stage', { ...head, rules: [{ ...rule, stages: { biuld: 'fail' } }] }, 'did you mean build?'],
  ['no stage', { ...head, rules: [{ ...rule, stages: {} }] }, 'rules[0].stages needs at least one'],
  [
    'unknown action',
    { ...head, rules: [{ ...rule, stages: { build: 'block' } }] },
    'has to be one of warn, fail, alert',
  ],
  ['bad duration', { ...head, data: { maxAdvisoryAge: '1 day' } }, 'data.maxAdvisoryAge has to be a duration'],
  ['zero duration', { ...head, data: { maxAdvisoryAge: '0h' } }, 'has to be a duration'],
  ['bad answer to incomplete', { ...head, onIncomplete: { build: 'ignore' } }, 'onIncomplete.build has to be one of'],
  [
    'fraction as version',
    { ...head, metadata: { name: 'p', version: 1.5 } },
    'metadata.version has to be a whole number',
  ],
  [
    'waiver without approver',
    { ...head, waivers: [{ ...waiver, approvedBy: undefined }] },
    'waivers[0] needs approvedBy',
  ],
  ['waiver for ever', { ...head, waivers: [{ ...waiver, expires: 'never' }] }, 'waivers[0].expires has to be a day'],
  [
    'day that is none',
    { ...head, waivers: [{ ...waiver, expires: '2027-02-30' }] },
    'waivers[0].expires has to be a day',
  ],
  ['package that is no purl', { ...head, waivers: [{ ...waiver, package: 'openssl' }] }, 'has to be a purl'],
  [
    'unknown justification',
    { ...head, waivers: [{ ...waiver, justification: 'because' }] },
    'justification has to be one of',
  ],
  ['unknown end', { ...head, waivers: [{ ...waiver, endsWhen: ['fix'] }] }, 'waivers[0].endsWhen[0] has to be one of'],
  ['empty selector', { ...head, scope: { include: [{}] } }, 'needs repository, label or path'],
  ['grace without days', { ...head, rules: [{ ...rule, grace: { from: 'published' } }] }, 'rules[0].grace needs days'],
  ['unknown expectation', { ...head, tests: [{ ...policyTest, expect: 'ok' }] }, 'tests[0].expect has to be one of'],
  ['list that is none', { ...head, rules: {} }, 'rules has to be a list'],
]

/** Documents whose fault only the compiler of conditions and the reader of references see. */
const badBeyondSchema: readonly (readonly [string, unknown, string])[] = [
  [
    'a pattern that looks ahead',
    { ...head, rules: [{ ...rule, when: 'image.tags.exists(tag, tag.matches("a(?=b)"))' }] },
    'a(?=b) is no pattern of RE2: invalid or unsupported Perl syntax: `(?=`',
  ],
  [
    'a pattern that is none',
    { ...head, rules: [{ ...rule, when: 'finding.id.matches("(")' }] },
    'has a pattern that cannot be used: ( is no pattern of RE2: missing closing )',
  ],
  ['two rules of one id', { ...head, rules: [rule, rule] }, 'two rules with the id r'],
  [
    'field that is none',
    { ...head, rules: [{ ...rule, when: 'finding.severty >= HIGH' }] },
    'rules[0].when cannot be used: No such key: severty (at character 9); did you mean severity?',
  ],
  ['variable that is none', { ...head, rules: [{ ...rule, when: 'findings.kev' }] }, 'did you mean finding?'],
  [
    'severity in quotes',
    { ...head, rules: [{ ...rule, when: 'finding.severity >= "HIGH"' }] },
    'write severities without quotes',
  ],
  [
    'number for a condition',
    { ...head, rules: [{ ...rule, when: 'finding.severity + 1' }] },
    'has to be true or false, but is of type int',
  ],
  ['half an expression', { ...head, rules: [{ ...rule, when: 'finding.kev &&' }] }, 'cannot be used'],
  [
    'bad unless',
    { ...head, rules: [{ ...rule, grace: { from: 'published', days: 1, unless: 'kev' } }] },
    'rules[0].grace.unless cannot be used',
  ],
  ['clock that is none', { ...head, tests: [{ ...policyTest, at: 'noon' }] }, 'tests[0].at has to be a time'],
]

const good: readonly (readonly [string, unknown])[] = [
  ['the least', head],
  ['a rule', { ...head, rules: [rule] }],
  ['a pattern', { ...head, rules: [{ ...rule, when: 'finding.id.matches("^CVE-[0-9]+-(1|2)+$")' }] }],
  ['a rule that is always broken', { ...head, rules: [{ ...rule, when: true }] }],
  ['a waiver', { ...head, waivers: [waiver] }],
  ['a test', { ...head, tests: [{ ...policyTest, at: '2026-08-01T12:00:00Z', because: ['CVE-2026-1'] }] }],
  ['--fail-on', JSON.parse(failOnDocument(['high', 'kev', 'fixable']))],
]

const schema = JSON.parse(readFileSync(new URL('./policy.schema.json', import.meta.url), 'utf8'))
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
addFormats.default(ajv)
const validate = ajv.compile(schema)

describe('policy/parse', () => {
  it('reads the example of the reference', () => {
    const policy = parsePolicy(example, 'example.yaml')

    expect(policy.metadata).toEqual({ name: 'payments-prod', version: 7, owner: 'appsec@example.com' })
    expect(policy.data).toEqual({ maxAdvisoryAge: day, maxFactsAge: 30 * day })
    expect(policy.onIncomplete).toEqual({
      dev: 'warn',
      build: 'fail',
      registry: 'fail',
      deploy: 'fail',
      runtime: 'warn',
    })
    expect(policy.rules[0]?.stages.get('runtime')).toEqual({ action: 'alert', replaceWithin: 3 * day })
    expect(policy.waivers[0]).toMatchObject({ expires: '2027-01-31', endsWhen: ['fixAvailable', 'kev'] })
    expect(policy.tests[0]).toMatchObject({ expect: 'fail', because: ['CVE-2021-44228'] })
  })

  it('reads the shipped policy', () => {
    const policy = parsePolicy(readFileSync(defaultPolicyFile, 'utf8'), 'default.yaml')

    expect(policy.rules.map(item => item.id)).toContain('known-exploited')
    expect(policy.data.maxAdvisoryAge).toBe(7 * day)
  })

  it.each(good)('accepts %s, and so does the schema', (_name, document) => {
    const read = () => parsePolicy(JSON.stringify(document), 'p.yaml')

    expect(read).not.toThrow()
    expect(validate(document), ajv.errorsText(validate.errors)).toBe(true)
  })

  it.each(bad)('refuses %s, and so does the schema', (_name, document, words) => {
    const plain = document === undefined ? document : JSON.parse(JSON.stringify(document))
    const read = () => parsePolicy(JSON.stringify(document), 'p.yaml')

    expect(read).toThrow(words)
    expect(validate(plain)).toBe(false)
  })

  it.each(badBeyondSchema)('refuses %s', (_name, document, words) => {
    expect(() => parsePolicy(JSON.stringify(document), 'p.yaml')).toThrow(words)
  })

  it('lets the schema accept the example and the shipped policy', async () => {
    const { parseYaml } = await import('#lib/yaml.ts')

    for (const text of [example, readFileSync(defaultPolicyFile, 'utf8')])
      expect(validate(parseYaml(text)), ajv.errorsText(validate.errors)).toBe(true)
  })

  it('tells everything that is wrong at once', () => {
    const document = { ...head, rulez: [], data: { maxAdvisoryAge: 'x' }, rules: [{}] }

    expect(() => parsePolicy(JSON.stringify(document), 'p.yaml')).toThrow(
      /rulez.*data\.maxAdvisoryAge.*|rules\[0\] needs id/s,
    )
  })

  it('turns broken YAML into a failure', () => {
    expect(() => parsePolicy('a: [', 'p.yaml')).toThrow(Failure)
  })

  it('throws nothing but failures, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map(value => JSON.stringify({ ...head, rules: [value], waivers: [value] })),
        ),
        text => {
          try {
            parsePolicy(text, 'p.yaml')
          } catch (cause) {
            expect(cause).toBeInstanceOf(Failure)
          }
        },
      ),
    )
  })
})

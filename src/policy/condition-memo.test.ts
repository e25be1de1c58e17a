import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Condition, compileCondition } from './condition.ts'
import { evaluateOnce } from './condition-memo.ts'

function compiled(source: string): Condition {
  const condition = compileCondition(source)
  if ('error' in condition) throw new Error(condition.error)
  return condition
}

describe('policy/condition-memo', () => {
  it.each([
    ['finding.kind == "vulnerability" && finding.fix.available', [['kind'], ['fix', 'available']]],
    ['has(finding.fix.version) || finding.age > 3', [['fix', 'version'], ['age']]],
    ['finding.aliases.exists(a, a == finding.id)', [['aliases'], ['id']]],
    ['finding["kind"] == "x"', [[]]],
    ['{"a": finding}.a.kev', [[]]],
    ['stage == "build" && image.tags.size() > 0', []],
  ])('knows what is read: %s', (source, expected) => {
    expect(compiled(source).reads).toEqual(expected)
  })

  it('asks once for findings that are the same in what is read', () => {
    const { source, reads } = compiled('finding.kev && finding.fix.available')
    let asked = 0
    const evaluate = evaluateOnce({ source, reads, evaluate: () => ++asked > 0 })
    const see = (finding: object) => evaluate({ finding, image: {}, stage: 'build', now: new Date(0) })

    see({ kev: true, fix: { available: false }, id: 'a' })
    see({ kev: true, fix: { available: false }, id: 'b' })
    see({ kev: true, fix: {}, id: 'b' })
    see({ kev: 'true', fix: {}, id: 'b' })

    expect(asked).toBe(3)
  })

  it('gives what the condition gives, of any findings', () => {
    const text = fc.constantFrom('a', 'b', 'a b', '1 a')
    const finding = fc.record(
      {
        kind: text,
        id: text,
        aliases: fc.array(text, { maxLength: 2 }),
        severity: fc.bigInt(0n, 4n),
        epss: fc.constantFrom(0, 0.5, 1),
        kev: fc.boolean(),
        fix: fc.record({ available: fc.boolean(), version: text }, { requiredKeys: [] }),
        package: fc.record({ name: text, purl: text, dev: fc.boolean() }, { requiredKeys: [] }),
        published: fc.constantFrom(new Date(0), new Date(1e12)),
      },
      { requiredKeys: [] },
    )
    const sources = [
      'finding.kev && finding.severity >= HIGH',
      'finding.id == "a" || finding.aliases.exists(a, a == finding.package.name)',
      'finding.package.name + " " + finding.package.purl == "a 1 a"',
      'has(finding.fix.version) && finding.epss > 0.4',
      'has(finding.fix) && finding["kind"] == "a"',
      'finding.published < now && !finding.package.dev',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.array(finding, { maxLength: 12 }), (source, findings) => {
        const condition = compiled(source)
        const remembered = evaluateOnce(condition)
        for (const one of findings) {
          const variables = { finding: one, image: {}, stage: 'build', now: new Date(1e9) }
          expect(remembered(variables)).toEqual(condition.evaluate(variables))
        }
      }),
    )
  })
})

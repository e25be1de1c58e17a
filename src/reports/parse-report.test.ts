import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '#lib/failure.ts'
import { sample } from './fixtures/sample.ts'
import { renderJson } from './json.ts'
import { parseReport } from './parse-report.ts'

const schema = new Ajv2020({ strict: true }).compile(
  JSON.parse(readFileSync(new URL('./report.schema.json', import.meta.url), 'utf8')),
)
const plain = () => JSON.parse([...renderJson(sample)].join(''))

/** Every path to a value in the sample, as a list of keys. */
function paths(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return [path, ...inside.flatMap(([key, item]) => paths(item, [...path, key]))].filter(item => item.length > 0)
}

function changed(
  path: readonly (string | number)[],
  change: (parent: Record<string | number, unknown>, key: string | number) => void,
) {
  const document = plain()
  const parent = path.slice(0, -1).reduce((value, key) => value[key], document)
  change(parent, path.at(-1)!)
  return document
}

describe('reports/parse-report', () => {
  it.each([
    ['', 'is not JSON'],
    ['[]', 'is not a sluice.report/v1 report'],
    ['{"schema":"sluice.report/v2"}', 'is not a sluice.report/v1 report'],
    ['{"schema":"sluice.report/v1"}', 'report has no tool'],
    ['['.repeat(100_000), 'is not JSON'],
  ])('refuses %.40s', (text, words) => {
    expect(() => parseReport(text, 'r.json')).toThrow(words)
  })

  it('keeps what a later version adds', () => {
    const document = { ...plain(), later: { thing: 1 } }

    expect(parseReport(JSON.stringify(document), 'r')).toHaveProperty('later.thing', 1)
    expect(schema(document)).toBe(true)
  })

  it('agrees with the schema on every value that is missing or of another type', () => {
    const all = paths(plain()).filter(path => path.join('.') !== 'schema' && !/^\d+$/.test(String(path.at(-1))))
    const disagreements = all.flatMap(path => {
      const without = changed(path, (parent, key) => delete parent[key])
      const other = changed(path, (parent, key) => {
        parent[key] = typeof parent[key] === 'object' ? 'text' : { wrong: true }
      })
      return [without, other]
        .filter(document => reads(document) !== schema(document))
        .map(document => `${path.join('.')}: the reader ${reads(document) ? 'takes' : 'refuses'} it`)
    })

    expect(disagreements).toEqual([])
  })

  it('throws nothing but failures', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map(value => JSON.stringify({ ...plain(), findings: [value] })),
        ),
        text => {
          try {
            parseReport(text, 'r')
          } catch (cause) {
            expect(cause).toBeInstanceOf(Failure)
          }
        },
      ),
    )
  })
})

function reads(document: unknown): boolean {
  try {
    parseReport(JSON.stringify(document), 'r')
    return true
  } catch {
    return false
  }
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundMarks, eachLine, numberedLines } from './document-bounds.ts'
import { parseJson } from './json.ts'
import { parseJsonc } from './jsonc.ts'
import { LimitError } from './limit-error.ts'
import { parseToml } from './toml.ts'
import { parseYaml } from './yaml.ts'

describe('lib/document-bounds', () => {
  it('gives the lines that a split gives', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n', '\r', 'é'), { size: 'medium' }), parts => {
        const text = parts.join('')

        const visited: string[] = []
        eachLine(text, (start, end) => visited.push(text.slice(start, end)))

        expect([...numberedLines(text)]).toEqual(text.split('\n').map((line, index) => [index + 1, line]))
        expect(visited).toEqual(text.split('\n'))
      }),
    )
  })

  it('gives a million lines, and no more', () => {
    let last = 0
    for (const [number] of numberedLines('\n'.repeat(999_999))) last = number

    expect(last).toBe(1_000_000)
    expect(() => [...numberedLines('\n'.repeat(1_000_000))]).toThrow(LimitError)
    expect(() => eachLine('\n'.repeat(999_999), () => undefined)).not.toThrow()
    expect(() => eachLine('\n'.repeat(1_000_000), () => undefined)).toThrow(LimitError)
  })

  it('counts marks, whatever else there is', () => {
    expect(() => boundMarks('a=b,c=ü💥', '=,', 3)).not.toThrow()
    expect(() => boundMarks('a=b,c=ü💥', '=,', 2)).toThrow('The document has more than 2 values')
  })

  it.each<readonly [string, (text: string) => unknown, string]>([
    ['JSON', parseJson, `[${'0,'.repeat(1_000_000)}0]`],
    ['JSON with comments', parseJsonc, `[${'/**/'.repeat(110_000)}]`],
    ['TOML', parseToml, `a = [${'0,'.repeat(1_000_000)}]`],
    ['YAML', parseYaml, `[${'0,'.repeat(800_000)}]`],
  ])('refuses %s of very many values before it is parsed', (_format, parse, text) => {
    expect(() => parse(text)).toThrow(LimitError)
  })

  it('does not count what stands in strings of JSON', () => {
    expect(parseJson(JSON.stringify(','.repeat(1_100_000)))).toHaveLength(1_100_000)
  })
})

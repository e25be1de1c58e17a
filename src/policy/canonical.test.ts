import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseYaml } from '#lib/yaml.ts'
import { canonicalPolicy } from './canonical.ts'
import { parsePolicy } from './parse.ts'

const text = readFileSync(new URL('./fixtures/example.yaml', import.meta.url), 'utf8')
const canonical = (document: string) => canonicalPolicy(parsePolicy(document, 'p'))

describe('policy/canonical', () => {
  it('is the same for the same meaning, however it is laid out', () => {
    const document = parseYaml(text) as Record<string, unknown>
    const reversed = Object.fromEntries(Object.entries(document).reverse())

    expect(canonical(JSON.stringify(reversed))).toBe(canonical(text))
    expect(canonical(`# a comment\n${text}`)).toBe(canonical(text))
  })

  it.each([
    ['CRITICAL', 'HIGH'],
    ['days: 7', 'days: 8'],
    ['unless: finding.kev', 'unless: "false"'],
    ['2027-01-31', '2027-02-01'],
    ['maxAdvisoryAge: 24h', 'maxAdvisoryAge: 25h'],
    ['build: fail, deploy', 'build: warn, deploy'],
    ['replaceWithin: 72h', 'replaceWithin: 71h'],
  ])('differs where %s becomes %s', (from, to) => {
    expect(text).toContain(from)
    expect(canonical(text.replace(from, to))).not.toBe(canonical(text))
  })

  it('does not care about tests, which change no verdict', () => {
    expect(canonical(text.replace('log4shell is blocked', 'x'))).toBe(canonical(text))
  })
})

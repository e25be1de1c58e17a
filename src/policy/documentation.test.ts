import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findingFields, imageFields } from './condition.ts'
import { parsePolicy } from './parse.ts'

const docs = new URL('../../docs/', import.meta.url)

/** Every fenced YAML block of the documentation that is a whole policy. */
const examples = [...readdirSync(docs, { recursive: true, encoding: 'utf8' }), '../src/policy/README.md']
  .filter(path => path.endsWith('.md'))
  .flatMap(path => {
    const text = readFileSync(new URL(path, docs), 'utf8')
    const blocks = text.split(/^```/m).filter((_block, index) => index % 2 === 1)
    return blocks
      .filter(block => block.startsWith('yaml') && /^kind: Policy$/m.test(block))
      .map((block, index) => [`${path} #${index + 1}`, block.slice(4)] as const)
  })

describe('policy/documentation', () => {
  it('names every field that conditions see', () => {
    const text = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
    const names = (fields: object) => Object.keys(fields)

    for (const name of [
      ...names(findingFields),
      ...names(findingFields.fix),
      ...names(findingFields.package),
      ...names(imageFields),
    ])
      expect(text).toMatch(new RegExp(`\\b${name}\\b`))
  })

  it('reads every policy that the documentation shows', () => {
    expect(examples.length).toBeGreaterThan(0)
    for (const [name, text] of examples) expect(() => parsePolicy(text, name)).not.toThrow()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSpdxExpression, isSpdxId } from './spdx.ts'

describe('reports/spdx', () => {
  it.each([
    ['MIT OR Apache-2.0', true],
    ['(MIT OR Apache-2.0) AND BSD-3-Clause', true],
    ['GPL-2.0-or-later WITH Classpath-exception-2.0', true],
    ['LicenseRef-Custom AND MIT', true],
    ['Apache-1.0+ AND MIT', true],
    ['MIT', false],
    ['MIT OR', false],
    ['OR MIT', false],
    ['MIT or Apache-2.0', false],
    ['MIT Apache-2.0', false],
    ['(MIT OR Apache-2.0', false],
    ['MIT) OR (Apache-2.0', false],
    ['MIT AND GPL', false],
    ['MIT WITH nothing', false],
    ['', false],
    ['('.repeat(2000), false],
  ])('takes %s for an expression: %s', (text, expected) => {
    expect(isSpdxExpression(text)).toBe(expected)
  })

  it('takes only identifiers of the list for identifiers', () => {
    expect([isSpdxId('MIT'), isSpdxId('mit'), isSpdxId(''), isSpdxId('constructor')]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('never throws', () => {
    const words = fc.constantFrom('MIT', 'AND', 'OR', 'WITH', '(', ')', 'x', 'LicenseRef-a')

    fc.assert(fc.property(fc.array(words), parts => typeof isSpdxExpression(parts.join(' ')) === 'boolean'))
  })
})

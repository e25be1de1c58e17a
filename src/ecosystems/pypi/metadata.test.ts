import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMetadata } from './metadata.ts'

describe('ecosystems/pypi/metadata', () => {
  it.each([
    ['an expression', 'License-Expression: MIT OR Apache-2.0\nLicense: MIT', ['MIT OR Apache-2.0']],
    ['a name', 'License: BSD-3-Clause', ['BSD-3-Clause']],
    [
      'classifiers, where the name is unknown',
      'License: UNKNOWN\nClassifier: Programming Language :: Python\nClassifier: License :: OSI Approved :: MIT License',
      ['MIT License'],
    ],
    [
      'classifiers, where the field holds a text',
      'License: Copyright\n        All rights\nClassifier: License :: Public Domain',
      ['Public Domain'],
    ],
    ['nothing', 'Summary: none', []],
  ])('takes licences from %s', (_title, headers, expected) => {
    expect(parseMetadata(`Name: a\n${headers}\n\nbody`).licenses).toEqual(expected)
  })

  it('stops at the first empty line, in either line ending', () => {
    expect(parseMetadata('NAME: a\r\n\r\nVersion: 2\r\n')).toEqual({ name: 'a', version: undefined, licenses: [] })
  })

  it('takes any text', () => {
    fc.assert(fc.property(fc.string(), text => Array.isArray(parseMetadata(text).licenses)))
    expect(parseMetadata(`Name: a\n${' x\n'.repeat(20_000)}Version: 1\n`).version).toBe('1')
  })
})

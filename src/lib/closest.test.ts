import { describe, expect, it } from 'vitest'
import { closest } from './closest.ts'

describe('lib/closest', () => {
  it.each([
    ['wehn', ['when', 'then', 'title'], 'when'],
    ['SEVERITY', ['severity'], 'severity'],
    ['rulez', ['rules', 'tests'], 'rules'],
    ['x', ['rules'], undefined],
    ['', ['rules'], undefined],
    ['completely different', ['rules'], undefined],
    ['a'.repeat(10_000), ['a'], undefined],
  ])('%s among %o is %s', (word, candidates, expected) => {
    expect(closest(word, candidates)).toBe(expected)
  })
})

import { describe, expect, it } from 'vitest'
import { failureCodes } from '#model/failure-codes.ts'
import { sourceFiles } from './sources.ts'

/** Codes that nothing throws any more: they stay listed, since a code never gets another meaning. */
const retired: readonly string[] = []

const thrown = sourceFiles().flatMap(({ path, text }) =>
  [...text.matchAll(/\bnew Failure\(\s*([^,)]*)/g)].map(([, argument]) => ({ path, argument: argument!.trim() })),
)

describe('failures', () => {
  it('name their code where they are thrown', () => {
    expect(thrown.length).toBeGreaterThan(20)
    expect(thrown.filter(({ argument }) => !/^'[a-z]+\/[a-z0-9-]+'$/.test(argument))).toEqual([])
  })

  it('have a row for every code in the table, and the table has no other', () => {
    const codes = new Set(thrown.map(({ argument }) => argument.slice(1, -1)))

    expect(Object.keys(failureCodes)).toEqual([...codes, ...retired].sort())
  })
})

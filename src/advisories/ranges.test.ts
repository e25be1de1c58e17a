import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Affected, AffectedRange, RangeEvent } from '#model/advisory.ts'
import { affects } from './ranges.ts'

const byNumber = (a: string, b: string) => Number(a) - Number(b)

function statement(events: readonly RangeEvent[], versions: readonly string[] = []): Affected {
  return { ecosystem: 'npm', name: 'x', ranges: events.length === 0 ? [] : [{ type: 'SEMVER', events }], versions }
}

/** The specification's pseudocode (https://ossf.github.io/osv-schema/#evaluation), word for word. */
function isVulnerable(affected: Affected, version: string): boolean {
  return affected.versions.includes(version) || affected.ranges.some(range => isInRange(version, range))
}

function isInRange(version: string, range: AffectedRange): boolean {
  const limits = range.events.flatMap(event => event.limit ?? [])
  if (limits.length > 0 && !limits.some(limit => limit === '*' || byNumber(version, limit) < 0)) return false
  let vulnerable = false
  const key = (event: RangeEvent) => Number(event.introduced ?? event.fixed ?? event.lastAffected)
  for (const event of range.events.filter(one => one.limit === undefined).sort((a, b) => key(a) - key(b))) {
    if (event.introduced !== undefined && (event.introduced === '0' || byNumber(version, event.introduced) >= 0))
      vulnerable = true
    else if (event.fixed !== undefined && byNumber(version, event.fixed) >= 0) vulnerable = false
    else if (event.lastAffected !== undefined && byNumber(version, event.lastAffected) > 0) vulnerable = false
  }
  return vulnerable
}

describe('advisories/ranges', () => {
  it.each([
    ['before the first version', [{ introduced: '2' }, { fixed: '5' }], '1', { affected: false }],
    ['at introduced', [{ introduced: '2' }, { fixed: '5' }], '2', { affected: true, fixed: '5' }],
    ['at fixed', [{ introduced: '2' }, { fixed: '5' }], '5', { affected: false }],
    ['at last affected', [{ introduced: '2' }, { lastAffected: '5' }], '5', { affected: true }],
    ['after last affected', [{ introduced: '2' }, { lastAffected: '5' }], '6', { affected: false }],
    ['no upper bound', [{ introduced: '0' }], '9', { affected: true }],
    ['never affected', [{ introduced: '0' }, { fixed: '0' }], '0', { affected: false }],
    ['never affected, below zero', [{ introduced: '0' }, { fixed: '0' }], '-1', { affected: false }],
    [
      'events out of order',
      [{ fixed: '5' }, { introduced: '7' }, { fixed: '9' }, { introduced: '2' }],
      '3',
      { affected: true, fixed: '5' },
    ],
    [
      'second interval',
      [{ introduced: '2' }, { fixed: '5' }, { introduced: '7' }, { fixed: '9' }],
      '8',
      { affected: true, fixed: '9' },
    ],
    [
      'between intervals',
      [{ introduced: '2' }, { fixed: '5' }, { introduced: '7' }, { fixed: '9' }],
      '6',
      { affected: false },
    ],
    ['beyond the limit', [{ introduced: '2' }, { limit: '4' }], '4', { affected: false }],
    ['no events', [], '4', { affected: false }],
  ])('%s', (_, events, version, expected) => {
    const answer = affects(statement(events as RangeEvent[]), version as string, byNumber)

    expect(answer).toMatchObject(expected)
    expect(answer.fixed).toBe((expected as { fixed?: string }).fixed)
  })

  it('affects listed versions whatever the ranges say', () => {
    const answer = affects(statement([{ introduced: '2' }, { fixed: '5' }], ['7', '08']), '8', byNumber)

    expect(answer).toEqual({ affected: true })
  })

  it('names the fix that leaves every range, and none where one has no end', () => {
    const ends: AffectedRange[] = [
      ['4', '1'],
      ['6', '2'],
    ].map(([fixed, introduced]) => ({
      type: 'SEMVER',
      events: [{ introduced }, { fixed }],
    }))
    const open: AffectedRange = { type: 'ECOSYSTEM', events: [{ introduced: '0' }] }

    expect(affects({ ...statement([]), ranges: ends }, '3', byNumber).fixed).toBe('6')
    expect(affects({ ...statement([]), ranges: [...ends, open] }, '3', byNumber).fixed).toBeUndefined()
  })

  it('agrees with the pseudocode of the specification', () => {
    const version = fc.integer({ min: 1, max: 12 }).map(String)
    const event = fc.oneof(
      fc.oneof(version, fc.constant('0')).map((introduced): RangeEvent => ({ introduced })),
      version.map((fixed): RangeEvent => ({ fixed })),
      version.map((lastAffected): RangeEvent => ({ lastAffected })),
    )
    const limit = fc.oneof(version, fc.constant('*')).map((text): RangeEvent => ({ limit: text }))
    const range = fc
      .tuple(fc.array(event, { maxLength: 6 }), fc.array(limit, { maxLength: 1 }))
      .map(([events, limits]): AffectedRange => ({ type: 'SEMVER', events: [...events, ...limits] }))
    const affected = fc.record({
      ecosystem: fc.constant('npm'),
      name: fc.constant('x'),
      ranges: fc.array(range, { maxLength: 3 }),
      versions: fc.array(version, { maxLength: 2 }),
    })

    fc.assert(
      fc.property(affected, version, (one, asked) => {
        const answer = affects(one, asked, byNumber)
        expect(answer.affected).toBe(isVulnerable(one, asked))
        if (answer.fixed !== undefined) expect(Number(answer.fixed)).toBeGreaterThan(Number(asked))
        if (answer.range !== undefined) expect(isInRange(asked, answer.range)).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it('answers for one interval as for any other range', () => {
    const version = fc.integer({ min: -1, max: 5 }).map(String)
    const events = fc.oneof(
      version.map((introduced): RangeEvent[] => [{ introduced }]),
      fc.tuple(version, version).map(([introduced, fixed]): RangeEvent[] => [{ introduced }, { fixed }]),
      fc.tuple(version, version).map(([introduced, lastAffected]): RangeEvent[] => [{ introduced }, { lastAffected }]),
    )

    fc.assert(
      fc.property(events, version, (one, asked) => {
        const { range: _, ...answer } = affects(statement(one), asked, byNumber)
        const { range: __, ...general } = affects(statement([...one, { limit: '*' }]), asked, byNumber)
        expect(answer).toEqual(general)
      }),
      { numRuns: 2000 },
    )
  })
})

import { describe, expect, it } from 'vitest'
import { limitsWith } from '#model/limits.ts'
import { openBudget } from './budget.ts'

describe('images/budget', () => {
  it('lets bytes pass that are within every bound', () => {
    const budget = openBudget(limitsWith({ 'target-bytes': 100 }), () => 0)

    expect([budget.take(60, 10), budget.take(40, 10)]).toEqual([undefined, undefined])
  })

  it('counts all layers together', () => {
    const budget = openBudget(limitsWith({ 'target-bytes': 100 }), () => 0)

    budget.take(60, 10)

    expect(budget.take(41, 10)).toBe('All layers together are too large (limit target-bytes=100)')
  })

  it('knows a bomb that is spread over layers', () => {
    const budget = openBudget(limitsWith({ 'inflate-ratio': 10, 'inflate-ratio-from': 1000 }), () => 0)

    expect(budget.take(900, 1)).toBeUndefined()
    expect(budget.take(900, 1)).toBe(
      'All layers together inflate to too many times their size (limit inflate-ratio=10)',
    )
  })

  it('ends when the time is up', () => {
    let now = 5000
    const budget = openBudget(limitsWith({ 'target-seconds': 2 }), () => now)

    const early = budget.take(1, 1)
    now = 7001

    expect(early).toBeUndefined()
    expect(budget.take(1, 1)).toBe('All layers together take too long to read (limit target-seconds=2)')
  })
})
